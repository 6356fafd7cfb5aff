"""Taking events out: a ZIP archive with the events, oldest first, and a signed manifest, made while it is sent.

Every row carries its position in its chain, the digest of the one before and its own, and exactly the fields that are
sealed. ``docs/verify_audit.py`` checks an archive with nothing of the gateway at hand.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from core.actor import Actor
from core.audit import signing
from core.audit.seals import CHUNK, FIELDS, GENESIS, texts, with_data_text
from core.audit.trail import Asked
from core.audit.writing import record
from core.errors import Invalid
from core.models import AuditEvent, AuditSeal

FORMAT = "mag-audit-export/1"
FILE_NAME = "audit-trail"
PIECE = 64 * 1024
COLUMNS = ("chain", "position", "previous", "digest", *FIELDS)
# What a spreadsheet would compute, and the mark itself, so that taking one apostrophe off gives back what was there.
MARKED = ("'", "=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


@dataclass(slots=True)
class _Chain:
    """What an archive holds of one chain, and where the chain stood when it was made."""

    head: tuple[int, bytes]
    first: tuple[int, bytes] | None = None
    last: tuple[int, bytes] = (0, GENESIS)
    rows: int = 0

    def take(self, position: int, digest: bytes) -> None:
        self.first = self.first or (position, digest)
        self.last = (position, digest)
        self.rows += 1

    def statement(self, chain: UUID) -> dict[str, Any]:
        first = self.first or self.last
        return {
            "chain": str(chain),
            "rows": self.rows,
            **{f"first_{name}": value for name, value in _place(*first)},
            **{f"last_{name}": value for name, value in _place(*self.last)},
            **{f"head_{name}": value for name, value in _place(*self.head)},
        }


@dataclass(slots=True)
class _Body:
    """The events of an archive as bytes, with what its manifest says of them."""

    encode: Callable[[Mapping[str, Any]], str]
    chains: dict[UUID, _Chain]
    sha256: Any = field(default_factory=hashlib.sha256)
    size: int = 0

    def line(self, seal: Any) -> bytes:
        self.chains[seal.chain].take(seal.position, bytes(seal.digest))
        return self.taken(self.encode(_row(seal)))

    def taken(self, text: str) -> bytes:
        data = text.encode()
        self.sha256.update(data)
        self.size += len(data)
        return data


def export(
    actor: Actor, events: QuerySet[AuditEvent], *, asked: Asked, form: str, scope: str, whole: bool
) -> Iterator[bytes]:
    """A ZIP archive of ``events`` with their manifest, piece by piece; ``form`` is ``jsonl`` or ``csv``.

    ``whole`` says that ``events`` are all of their chains, so that who verifies it may expect every position from 1. What is
    recorded after this call, the export itself among it, is not in it. ``scope`` names whose events they are.
    """
    latest = AuditSeal.objects.aggregate(last=Max("id"))["last"] or 0
    with transaction.atomic():
        record(actor, "core.audit.export", data={"format": form, "scope": scope, "asked": asked.in_words()})
    facts = {"made_by": actor.label, "scope": scope, "asked": asked.in_words(), "whole": whole}
    chains = _heads(events, latest)
    return _archive(_seals(events, latest, chains), chains, form=form, facts=facts)


def form_of(asked: str) -> str:
    """The form that somebody asked for. Raises ``Invalid`` for one that there is not."""
    if asked not in ENCODERS:
        raise Invalid("An export is made as JSON lines or as CSV.")
    return asked


def _archive(
    seals: Iterator[Any], chains: dict[UUID, _Chain], *, form: str, facts: Mapping[str, Any]
) -> Iterator[bytes]:
    pipe = _Pipe()
    name = f"events.{form}"
    body = _Body(encode=ENCODERS[form], chains=chains)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_entry(name), "w", force_zip64=True) as file:
            file.write(body.taken(HEADS[form]))
            for seal in seals:
                file.write(body.line(seal))
                if pipe.size >= PIECE:
                    yield pipe.take()
        archive.writestr(_entry("manifest.json"), _manifest(name, body, facts))
    yield pipe.take()


def _manifest(name: str, body: _Body, facts: Mapping[str, Any]) -> str:
    held = {chain: part for chain, part in body.chains.items() if part.rows or facts["whole"]}
    statement = {
        "format": FORMAT,
        "gateway": settings.BASE_URL,
        "operator": settings.OPERATOR_NAME,
        "made_at": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        **facts,
        "file": name,
        "bytes": body.size,
        "sha256": body.sha256.hexdigest(),
        "rows": sum(part.rows for part in held.values()),
        "chains": [part.statement(chain) for chain, part in sorted(held.items())],
    }
    return json.dumps(signing.signed(statement), indent=2, sort_keys=True) + "\n"


def _seals(events: QuerySet[AuditEvent], latest: int, chains: Iterable[UUID]) -> Iterator[Any]:
    """The seals of ``events`` up to ``latest``, by chain and position, read in portions that no slow reader holds open."""
    before = AuditSeal.objects.filter(chain=OuterRef("chain"), position=OuterRef("position") - 1).values("digest")
    seals = AuditSeal.objects.filter(id__lte=latest, event__in=events.order_by()).select_related("event")
    seals = with_data_text(seals).annotate(previous=Subquery(before)).order_by("position")
    for chain in sorted(chains):
        position = 0
        while portion := list(seals.filter(chain=chain, position__gt=position)[:CHUNK]):
            yield from portion
            position = portion[-1].position


def _heads(events: QuerySet[AuditEvent], latest: int) -> dict[UUID, _Chain]:
    """The end of each chain that ``events`` are of."""
    of = AuditSeal.objects.filter(id__lte=latest, event__in=events.order_by()).order_by().values("chain")
    newest = AuditSeal.objects.filter(id__lte=latest, chain__in=of).order_by("chain", "-position").distinct("chain")
    return {seal.chain: _Chain(head=(seal.position, bytes(seal.digest))) for seal in newest}


def _row(seal: Any) -> dict[str, Any]:
    place = (str(seal.chain), seal.position, bytes(seal.previous or GENESIS).hex(), bytes(seal.digest).hex())
    return dict(zip(COLUMNS, (*place, *texts(seal.event, seal.data_text)), strict=True))


def _jsonl(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(row: Mapping[str, Any]) -> str:
    return _cells(str(value) for value in row.values())


def _cells(cells: Iterator[str]) -> str:
    line = io.StringIO(newline="")
    # Where the list separator is a semicolon, one within a text would begin another cell.
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(
        [f"'{cell}" if cell.startswith(MARKED) else cell for cell in cells]
    )
    return line.getvalue()


ENCODERS: dict[str, Callable[[Mapping[str, Any]], str]] = {"jsonl": _jsonl, "csv": _csv}
# A byte order mark tells a spreadsheet that this is UTF-8.
HEADS = {"jsonl": "", "csv": "\ufeff" + _cells(iter(COLUMNS))}


def _place(position: int, digest: bytes) -> list[tuple[str, Any]]:
    return [("position", position), ("digest", digest.hex())]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=timezone.now().timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


class _Pipe(io.RawIOBase):
    """What is written to it waits until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        self.size = 0
        return taken
