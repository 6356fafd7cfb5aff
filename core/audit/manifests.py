"""Manifests that were kept: whether the trail still begins with what was taken out of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from core.audit import signing
from core.audit.exports import FORMAT
from core.errors import Invalid
from core.models import AuditSeal

LARGEST = 64 * 1024**2
UNREADABLE = "This is no manifest of an export: give manifest.json, or the archive with it."
NOT_SIGNED = (
    "The manifest does not carry a right signature of this gateway's key. If the key has been changed since, give the "
    "earlier public key."
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``faults`` say what is no longer as it was exported, ``findings`` how the chains went on since."""

    faults: tuple[str, ...]
    findings: tuple[str, ...]


def read(file: BinaryIO) -> dict[str, Any]:
    """The manifest in ``file``, a ``manifest.json`` or an archive with one. Raises ``Invalid`` for anything else."""
    try:
        document = json.loads(_text(file))
        if document["manifest"]["format"] != FORMAT:
            raise Invalid(UNREADABLE)
    except (zipfile.BadZipFile, ValueError, LookupError, TypeError) as error:
        raise Invalid(UNREADABLE) from error
    return dict(document)


def _text(file: BinaryIO) -> bytes:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        return file.read(LARGEST)
    with zipfile.ZipFile(file) as archive, archive.open("manifest.json") as entry:
        return entry.read(LARGEST)


def compare(document: Mapping[str, Any], *, key: str = "") -> Comparison:
    """Whether every chain still has, where the manifest says so, the digests that it says.

    A digest covers all events before it, so that the one at the end of an export stands for everything up to there. Together
    with ``verify``, which recomputes the digests of today, nothing of what was exported can have changed unseen.
    """
    if not signing.holds(document, key=key or signing.public_key()):
        return Comparison((NOT_SIGNED,), ())
    faults: list[str] = []
    findings: list[str] = []
    for part in document["manifest"]["chains"]:
        missing = _differences(part)
        faults += missing
        if not missing:
            since = AuditSeal.objects.filter(chain=UUID(part["chain"]), position__gt=part["head_position"]).count()
            findings.append(
                f"Chain {part['chain']}: still begins with the {part['head_position']} event(s) that it had when this was "
                f"exported; {since} since."
            )
    return Comparison(tuple(faults), tuple(findings))


def _differences(part: Mapping[str, Any]) -> list[str]:
    told = {part[f"{place}_position"]: part[f"{place}_digest"] for place in ("first", "last", "head")}
    found = AuditSeal.objects.filter(chain=UUID(part["chain"]), position__in=told).values_list("position", "digest")
    digests = {position: bytes(digest).hex() for position, digest in found}
    return [
        f"Chain {part['chain']}: position {position} "
        + ("is not what was exported." if position in digests else "is missing, which was there at the export.")
        for position, digest in sorted(told.items())
        if position and digests.get(position) != digest
    ]
