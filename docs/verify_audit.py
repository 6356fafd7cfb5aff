#!/usr/bin/env python3
"""Check an export of the gateway's audit trail. Needs Python 3.9 or newer and nothing else.

    python3 verify_audit.py audit-trail.zip --key KEY
    python3 verify_audit.py events.jsonl manifest.json --key KEY

KEY is the public key of the gateway, which stands on its audit trail pages: get it from there or from the operator, not from
whoever gave you the file. Without it only the key inside the manifest can be used, which proves less, and this is said.

What is checked, and what is then impossible to have happened unseen since the export:

* an archive holds its events and its manifest, each once, and nothing else, which nobody would have checked;
* the signature of the manifest, and by it the SHA-256, size and number of rows of the events (a row changed, removed,
  appended);
* for each row: digest = SHA-256(digest of the event before || the row's fields), each field as "<bytes>:<UTF-8>" (a row
  changed);
* positions rise within a chain, and rows next to each other in a chain are linked by their digests (removed, reordered,
  slipped in); position 1 begins with 32 zero bytes;
* the first, last and newest positions and digests of each chain are those of the manifest; in an export of whole chains every
  position from 1 to the newest is there.

A filtered export has gaps between positions by its nature; what lies between is covered by the digests, but not shown.
Exit code 0 when everything holds, 1 when not, 2 when there is nothing to check.
"""

import argparse
import base64
import csv
import hashlib
import io
import json
import pathlib
import sys
import zipfile

FORMAT = "mag-audit-export/1"
FIELDS = (
    "id", "at", "actor_kind", "actor_id", "actor_label", "organization_id", "action", "target_type", "target_id", "outcome",
    "reason", "data", "ip", "request_id",
)  # fmt: skip
OPERATOR_CHAIN = "00000000-0000-0000-0000-000000000000"
GENESIS = "00" * 32
MOST_FAULTS = 50
MORE = "The archive does not hold {name} and manifest.json once each and nothing else. What is there beside them was added."

# --- Ed25519 (RFC 8032), for one signature: slow, and short enough to be read ------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
BASE_Y = 4 * pow(5, P - 2, P) % P


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    return P - x if x & 1 != sign else x


def point(x, y):
    return (x, y, 1, x * y % P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def multiply(number, of):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, of)
        of, number = add(of, of), number >> 1
    return result


def decoded(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    return point(recover_x(y, number >> 255), y)


def signature_holds(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    try:
        public, commitment = decoded(key), decoded(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left = multiply(scalar, point(recover_x(BASE_Y, 0), BASE_Y))
    right = add(commitment, multiply(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- The export --------------------------------------------------------------------------------------------------------
class Counted(io.RawIOBase):
    """Reads on, and knows how many bytes and which SHA-256 have gone through."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.sha256, self.size = inner, hashlib.sha256(), 0

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self.inner.read(len(buffer))
        buffer[: len(data)] = data
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def rows_of(stream, name):
    """The rows of the events, as dictionaries of texts."""
    if not name.endswith(".csv"):
        for line in io.TextIOWrapper(stream, encoding="utf-8", newline="\n"):
            yield json.loads(line)
        return
    csv.field_size_limit(2**31 - 1)
    for row in csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")):
        # An apostrophe in front keeps a spreadsheet from computing a cell, and stands before one of the cell's own.
        yield {column: cell.removeprefix("'") for column, cell in row.items()}


def digest_of(row):
    fields = [str(row[field]).encode() for field in FIELDS]
    material = b"".join(b"%d:%s" % (len(field), field) for field in fields)
    return hashlib.sha256(bytes.fromhex(row["previous"]) + material).hexdigest()


class Check:
    def __init__(self, manifest):
        self.manifest = manifest
        self.faults, self.hidden = [], 0
        self.rows, self.chains, self.last_chain = 0, {}, ""

    def fault(self, sentence):
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)
        else:
            self.hidden += 1

    def row(self, row):
        """One row: by itself, and after the one before it."""
        self.rows += 1
        where = f"Row {self.rows} (chain {row['chain']}, position {row['position']}, event {row['id']})"
        position = int(row["position"])
        if digest_of(row) != row["digest"]:
            self.fault(f"{where}: its fields do not match its digest. It was changed.")
        if (row["organization_id"] or OPERATOR_CHAIN) != row["chain"]:
            self.fault(f"{where}: it stands in a chain that is not its own.")
        if row["chain"] < self.last_chain:
            self.fault(f"{where}: it stands behind another chain's rows. Rows were moved.")
        self.last_chain = row["chain"]
        seen = self.chains.setdefault(row["chain"], {"rows": 0, "first": None, "last": (0, GENESIS)})
        self.follow(where, position, row["previous"], seen["last"])
        seen["rows"] += 1
        seen["first"] = seen["first"] or (position, row["digest"])
        seen["last"] = (position, row["digest"])

    def follow(self, where, position, previous, last):
        if position <= last[0]:
            self.fault(f"{where}: it follows position {last[0]}. Rows were moved or are there twice.")
        elif position == last[0] + 1 and previous != last[1]:
            self.fault(f"{where}: it does not follow from the row before it. A row was changed, moved or slipped in.")
        elif position > last[0] + 1 and self.manifest["whole"]:
            self.fault(f"{where}: position {last[0] + 1} is missing before it. A row was removed.")

    def end(self, body):
        """What the manifest says of the file as a whole and of each chain."""
        told = self.manifest
        if body.sha256.hexdigest() != told["sha256"] or body.size != told["bytes"]:
            self.fault("The events are not byte for byte what the manifest was signed for.")
        if self.rows != told["rows"]:
            self.fault(f"There are {self.rows} rows; the manifest was signed for {told['rows']}.")
        nothing = {"rows": 0, "first": None, "last": (0, GENESIS)}
        for chain in told["chains"]:
            self.chain(chain, self.chains.pop(chain["chain"], nothing))
        for chain in self.chains:
            self.fault(f"Chain {chain} is not in the manifest. Its rows were added.")

    def chain(self, told, seen):
        name = f"Chain {told['chain']}"
        if seen["rows"] != told["rows"]:
            self.fault(f"{name}: {seen['rows']} rows; the manifest was signed for {told['rows']}.")
        for place in ("first", "last"):
            if (seen[place] or seen["last"]) != (told[f"{place}_position"], told[f"{place}_digest"]):
                self.fault(f"{name}: its {place} row is not the one that the manifest was signed for.")
        if self.manifest["whole"] and seen["last"] != (told["head_position"], told["head_digest"]):
            self.fault(f"{name}: it does not reach the newest event of the time of the export.")


def checked_manifest(document, key, say):
    """The manifest of ``document``, once its signature was looked at; says what is wrong with that."""
    manifest = document["manifest"]
    if manifest["format"] != FORMAT:
        raise ValueError("an unknown format")
    message = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    public, signature = (base64.urlsafe_b64decode(text) for text in (key or document["key"], document["signature"]))
    if not signature_holds(public, message, signature):
        say("The signature of the manifest does not hold" + (" with this key." if key else "."))
    elif not key:
        say_on(
            sys.stdout, f"Signed with the key {document['key']}: compare it with the gateway's, or give that as --key."
        )
    return manifest


def verified(events, name, document, key, *known):
    """Every fault of an export, in words, after those that are ``known``."""
    faults = list(known)
    manifest = checked_manifest(document, key, faults.append)
    check, body = Check(manifest), Counted(events)
    try:
        for row in rows_of(io.BufferedReader(body, 2**20), name):
            check.row(row)
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        check.fault(f"What follows row {check.rows} cannot be read as a row.")
        while body.read(2**20):
            pass
    check.end(body)
    if check.hidden:
        check.faults.append(f"… and {check.hidden} more.")
    faults += check.faults
    if not faults:
        say_on(sys.stdout, f"{manifest['scope']}, exported {manifest['made_at']} by {manifest['made_by']}.")
        what = "All events up to then." if manifest["whole"] else "A selection."
        say_on(sys.stdout, f"{check.rows} events, everything holds. {what}")
    return faults


def say_on(stream, sentence):
    """Print ``sentence``; what moves a terminal's cursor or turns its text around would let a file speak for this script."""
    print("".join(letter if letter.isprintable() else "\ufffd" for letter in sentence), file=stream)


def once(pairs):
    """A JSON object. A name that is there twice would be one thing to this script and another to its reader."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice in the manifest")
    return found


def main():
    parser = argparse.ArgumentParser(description="Check an export of the gateway's audit trail.")
    parser.add_argument("events", help="the archive, or events.jsonl or events.csv of it")
    parser.add_argument(
        "manifest", nargs="?", help="manifest.json, where the events are apart from it, or one kept apart"
    )
    parser.add_argument("--key", default="", help="the gateway's public key")
    asked = parser.parse_args()
    try:
        faults = opened(asked)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        say_on(sys.stderr, f"This is no export that can be checked: {error}")
        return 2
    for fault in faults:
        say_on(sys.stderr, fault)
    return 1 if faults else 0


def opened(asked):
    kept = None
    if asked.manifest:
        with pathlib.Path(asked.manifest).open(encoding="utf-8") as file:
            kept = json.load(file, object_pairs_hook=once)
    if not zipfile.is_zipfile(asked.events):
        if kept is None:
            raise ValueError("give manifest.json too")
        with pathlib.Path(asked.events).open("rb") as file:
            return verified(file, asked.events, kept, asked.key)
    with zipfile.ZipFile(asked.events) as archive:
        document = kept or json.loads(archive.read("manifest.json"), object_pairs_hook=once)
        name = document["manifest"]["file"]
        other = [] if sorted(archive.namelist()) == sorted([name, "manifest.json"]) else [MORE.format(name=name)]
        with archive.open(name) as file:
            return verified(file, name, document, asked.key, *other)


if __name__ == "__main__":
    sys.exit(main())
