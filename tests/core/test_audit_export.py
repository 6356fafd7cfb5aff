"""Taking the audit trail out: what the archive holds, and that nobody bends it, or the trail behind it, unseen."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import uuid
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from core import audit
from core.actor import Actor, ActorKind
from core.audit import exports, signing, trail
from core.audit.seals import FIELDS
from core.audit.trail import Asked
from core.models import AuditEvent, AuditSeal, Outcome

pytestmark = pytest.mark.django_db(transaction=True)

CLERK = Actor(kind=ActorKind.USER, label="bakers_1234", is_staff=True)
HERE, THERE = uuid.UUID(int=7), uuid.UUID(int=9)
VERIFIER = Path(settings.BASE_DIR) / "docs" / "verify_audit.py"
NASTY = 'a "quoted", \r\n line; =1+1 \u2028 ☃'


def write(
    count: int = 1, *, chain: uuid.UUID | None = HERE, action: str = "accounts.session.begin", **facts: Any
) -> None:
    with transaction.atomic():
        for number in range(count):
            audit.record(Actor.system("test"), action, organization_id=chain, data={"n": number}, **facts)


def archive(
    *, form: str = "jsonl", chain: uuid.UUID | None = HERE, asked: Asked | None = None, whole: bool | None = None
) -> bytes:
    events = AuditEvent.objects.all() if chain is None else trail.of_chain(chain)
    wanted = asked or Asked()
    pieces = exports.export(
        CLERK,
        trail.found(events, wanted),
        asked=wanted,
        form=form,
        scope="Aurora",
        whole=not wanted.is_narrow if whole is None else whole,
    )
    return b"".join(pieces)


def parts(data: bytes) -> tuple[str, bytes, dict[str, Any]]:
    """The name of the events, the events, the manifest with its signature."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        events, manifest = file.namelist()
        assert manifest == "manifest.json"
        return events, file.read(events), json.loads(file.read(manifest))


def packed(name: str, events: bytes, document: dict[str, Any]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(name, events)
        file.writestr("manifest.json", json.dumps(document))
    return data.getvalue()


def run_verifier(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The script as an auditor runs it: without anything of the gateway, and without what pip installed."""
    command = [sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")


@pytest.fixture
def verify(tmp_path: Path) -> Callable[[bytes], subprocess.CompletedProcess[str]]:
    def check(data: bytes) -> subprocess.CompletedProcess[str]:
        (tmp_path / "audit-trail.zip").write_bytes(data)
        return run_verifier(tmp_path / "audit-trail.zip", "--key", signing.public_key())

    return check


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_archive_of_a_whole_chain_holds(form: str, verify: Any) -> None:
    write(5, reason=NASTY)
    write(3, chain=THERE)
    checked = verify(archive(form=form))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "5 events, everything holds" in checked.stdout


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_first_cell_with_a_formula_or_an_apostrophe_comes_back_as_it_was(form: str, verify: Any) -> None:
    for text in ("=1+1", "'=1+1", "@SUM(A1)", "'", "-3", "+49", "\tx", "", "\uff1d1", "'quoted'"):
        write(reason=text)
    data = archive(form=form)
    assert verify(data).returncode == 0
    if form == "csv":
        _, events, _ = parts(data)
        cells = [cell for row in csv.reader(io.StringIO(events.decode("utf-8-sig"), newline="")) for cell in row]
        assert not [cell for cell in cells if re.match(r"[=+\-@\t\r\n\uff1d]", cell)]


def test_an_archive_of_all_chains_holds_and_orders_by_chain_and_position(verify: Any) -> None:
    for _ in range(3):
        write(2)
        write(1, chain=THERE)
        write(1, chain=None)
    data = archive(chain=None)
    assert verify(data).returncode == 0
    rows = [json.loads(line) for line in parts(data)[1].splitlines()]
    assert [(row["chain"], row["position"]) for row in rows] == sorted(
        (str(seal.chain), seal.position) for seal in AuditSeal.objects.exclude(event__action="core.audit.export")
    )


def test_a_selection_has_each_row_with_its_place_and_its_digests(verify: Any) -> None:
    write(2)
    write(2, action="accounts.password.change", outcome=Outcome.REFUSED)
    write(2)
    write(1, action="accounts.password.change", outcome=Outcome.REFUSED)
    data = archive(asked=Asked(outcome="refused"))
    checked = verify(data)
    assert checked.returncode == 0, checked.stderr
    _, events, document = parts(data)
    rows = [json.loads(line) for line in events.splitlines()]
    assert [row["position"] for row in rows] == [3, 4, 7]
    told = document["manifest"]
    assert (told["rows"], told["whole"], told["asked"]) == (3, False, {"outcome": "refused"})
    assert told["sha256"] == hashlib.sha256(events).hexdigest()
    (chain,) = told["chains"]
    assert (chain["first_position"], chain["last_position"], chain["head_position"]) == (3, 7, 7)
    assert (chain["first_digest"], chain["last_digest"]) == (rows[0]["digest"], rows[-1]["digest"])
    seals = dict(AuditSeal.objects.filter(chain=HERE).values_list("position", "digest"))
    assert [row["previous"] for row in rows] == [bytes(seals[place]).hex() for place in (2, 3, 6)]


def test_an_export_of_nothing_holds_too(verify: Any) -> None:
    assert verify(archive()).returncode == 0
    assert verify(archive(asked=Asked(outcome="failed"))).returncode == 0


def test_an_export_is_one_event_and_not_part_of_itself() -> None:
    write(2, chain=None)
    data = archive(chain=AuditSeal.OPERATOR_CHAIN, asked=Asked(text="nobody"))
    (event,) = AuditEvent.objects.filter(action="core.audit.export")
    assert (event.actor_label, event.data["asked"], event.data["format"]) == (
        "bakers_1234",
        {"text": "nobody"},
        "jsonl",
    )
    assert b"core.audit.export" not in parts(data)[1]


def test_an_archive_is_sent_in_pieces_and_holds_many_rows(verify: Any) -> None:
    with transaction.atomic():
        for number in range(2500):
            audit.record(
                Actor.system("test"),
                "test.thing.done",
                organization_id=HERE,
                reason=uuid.uuid4().hex * 4,
                data={"n": number},
            )
    events = trail.of_chain(HERE)
    pieces = list(exports.export(CLERK, events, asked=Asked(), form="jsonl", scope="Aurora", whole=True))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 256 * 1024
    assert "2500 events" in verify(b"".join(pieces)).stdout


def changed(rows: list[bytes]) -> list[bytes]:
    return [*rows[:2], rows[2].replace(b"accounts.session.begin", b"accounts.session.ended"), *rows[3:]]


def removed(rows: list[bytes]) -> list[bytes]:
    return rows[:2] + rows[3:]


def reordered(rows: list[bytes]) -> list[bytes]:
    return [rows[0], rows[2], rows[1], *rows[3:]]


def appended(rows: list[bytes]) -> list[bytes]:
    """A row after the last one, with a right place and a right digest: only the manifest knows better."""
    last = json.loads(rows[-1])
    forged = {**last, "position": last["position"] + 1, "previous": last["digest"], "id": str(uuid.uuid4())}
    fields = [str(forged[name]).encode() for name in FIELDS]
    material = b"".join(b"%d:%s" % (len(field), field) for field in fields)
    forged["digest"] = hashlib.sha256(bytes.fromhex(forged["previous"]) + material).hexdigest()
    return [*rows, json.dumps(forged, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"]


def cut_off(rows: list[bytes]) -> list[bytes]:
    return rows[:-1]


def resealed(rows: list[bytes]) -> list[bytes]:
    """One row changed, and all digests from there on made anew, as somebody who knows the rules would."""
    made: list[bytes] = []
    previous = ""
    for number, line in enumerate(rows):
        row = json.loads(line)
        row["previous"] = previous or row["previous"]
        if number == 2:
            row["reason"] = "nicer"
        fields = [str(row[name]).encode() for name in FIELDS]
        material = b"".join(b"%d:%s" % (len(field), field) for field in fields)
        previous = row["digest"] = hashlib.sha256(bytes.fromhex(row["previous"]) + material).hexdigest()
        made.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return made


BENT = [changed, removed, reordered, appended, cut_off, resealed]


@pytest.mark.parametrize("whole", [True, False], ids=["whole chain", "selection"])
@pytest.mark.parametrize("bend", BENT)
def test_the_verifier_finds_what_somebody_bent_in_the_file(bend: Any, whole: bool, verify: Any) -> None:
    write(6)
    name, events, document = parts(archive(whole=whole))
    assert verify(packed(name, events, document)).returncode == 0
    checked = verify(packed(name, b"".join(bend(events.splitlines(keepends=True))), document))
    assert checked.returncode == 1
    assert "manifest was signed for" in checked.stderr


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (changed, "It was changed"),
        (removed, "position 3 is missing"),
        (reordered, "Rows were moved"),
        (appended, "its last row is not the one"),
        (cut_off, "does not reach the newest event"),
        (resealed, "its last row is not the one"),
    ],
)
def test_the_verifier_says_which_row_and_what_became_of_it(bend: Any, words: str, verify: Any) -> None:
    write(6)
    name, events, document = parts(archive())
    checked = verify(packed(name, b"".join(bend(events.splitlines(keepends=True))), document))
    assert words in checked.stderr


@pytest.mark.parametrize("bend", BENT)
def test_a_manifest_made_to_fit_the_bent_file_has_no_right_signature(bend: Any, verify: Any) -> None:
    write(6)
    name, events, document = parts(archive())
    rows = bend(events.splitlines(keepends=True))
    told = document["manifest"]
    last = json.loads(rows[-1])
    told |= {"sha256": hashlib.sha256(b"".join(rows)).hexdigest(), "bytes": len(b"".join(rows)), "rows": len(rows)}
    told["chains"][0] |= {
        "rows": len(rows),
        **{f"{place}_position": last["position"] for place in ("last", "head")},
        **{f"{place}_digest": last["digest"] for place in ("last", "head")},
    }
    checked = verify(packed(name, b"".join(rows), document))
    assert checked.returncode == 1
    assert "signature of the manifest does not hold" in checked.stderr


def test_a_manifest_signed_with_another_key_holds_with_that_key_only(verify: Any, tmp_path: Path) -> None:
    write(2)
    name, events, document = parts(archive())
    other = Ed25519PrivateKey.generate()
    forged = {
        **document,
        "signature": signing._text(other.sign(signing.canonical(document["manifest"]))),
        "key": signing._text(other.public_key().public_bytes_raw()),
    }
    data = packed(name, events, forged)
    assert verify(data).returncode == 1
    (tmp_path / "forged.zip").write_bytes(data)
    told = run_verifier(tmp_path / "forged.zip")
    assert (told.returncode, "compare it with the gateway" in told.stdout) == (0, True)


def test_the_verifier_takes_events_and_manifest_apart_and_refuses_what_is_neither(tmp_path: Path) -> None:
    write(3)
    name, events, document = parts(archive(form="csv"))
    (tmp_path / name).write_bytes(events)
    (tmp_path / "manifest.json").write_text(json.dumps(document))
    key = signing.public_key()
    assert run_verifier(tmp_path / name, tmp_path / "manifest.json", "--key", key).returncode == 0
    (tmp_path / name).write_bytes(events + b"\r\nnonsense")
    assert run_verifier(tmp_path / name, tmp_path / "manifest.json", "--key", key).returncode == 1
    assert run_verifier(tmp_path / name).returncode == 2
    assert run_verifier(tmp_path / "missing.zip").returncode == 2
    (tmp_path / "manifest.json").write_text("{}")
    assert run_verifier(tmp_path / name, tmp_path / "manifest.json").returncode == 2


@pytest.mark.parametrize("added", ["events.jsonl", "events.csv", "manifest.json", "EVENTS.JSONL", "read me.txt"])
def test_what_somebody_put_beside_the_events_is_not_taken_for_checked(added: str, tmp_path: Path, verify: Any) -> None:
    """Of two entries of one name each program takes another; one of another name is what an auditor may open instead."""
    write(3)
    name, events, document = parts(archive())
    whole = [(name, events), ("manifest.json", json.dumps(document).encode())]
    for entries in ([(added, b"forged"), *whole], [*whole, (added, dict(whole).get(added, b"forged"))]):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            for entry, content in entries:
                file.writestr(entry, content)
        checked = verify(data.getvalue())
        assert (checked.returncode, "everything holds" in checked.stdout) == (1, False)
        assert "was added" in checked.stderr


def test_a_manifest_that_says_something_twice_is_none(verify: Any) -> None:
    write(3)
    name, events, document = parts(archive())
    forged = json.dumps({**document["manifest"], "scope": "Somebody else"})
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(name, events)
        file.writestr("manifest.json", '{"manifest": ' + forged + ", " + json.dumps(document)[1:])
    assert verify(data.getvalue()).returncode == 2


def test_a_file_does_not_speak_for_the_verifier(verify: Any) -> None:
    """A row that would wipe the terminal and write another verdict."""
    write(3)
    name, events, document = parts(archive())
    rows = [json.loads(line) for line in events.splitlines()]
    rows[1]["id"] = "\x1b[2J\x1b[H3 events, everything holds.\u202e\r\n"
    checked = verify(packed(name, b"".join(json.dumps(row).encode() + b"\n" for row in rows), document))
    assert checked.returncode == 1
    assert not {"\x1b", "\r", "\u202e"} & set(checked.stderr)


def test_the_signature_is_what_the_library_says_it_is(verify: Any) -> None:
    """The verifier's own arithmetic agrees with OpenSSL's on right and on wrong signatures."""
    write(1)
    name, events, document = parts(archive())
    for place in (0, 5, 40, 60):
        signature = bytearray(base64.urlsafe_b64decode(document["signature"]))
        signature[place] ^= 1
        bent = {**document, "signature": signing._text(bytes(signature))}
        assert not signing.holds(bent, key=signing.public_key())
        assert verify(packed(name, events, bent)).returncode == 1
