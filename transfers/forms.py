"""What a program sends to create an upload."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.errors import Invalid
from transfers.models import Door
from transfers.services.direct import Promise

LARGEST = 2**63 - 1
DOORS = (Door.PARTS.value, Door.DIRECT.value)
MOST_ADDRESSES = 100
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class NewUpload:
    subject: UUID | None
    name: str
    path: str
    size: int
    last_modified: int | None
    door: Door | None = None

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> NewUpload:
        """Raises ``Invalid`` with a sentence for each field that is missing or of the wrong kind."""
        wrong: dict[str, str] = {}
        subject = _uuid(document.get("subject"))
        if subject is None and document.get("subject") is not None:
            wrong["subject"] = "Say with a UUID what the file is for, or leave it out to keep the file for yourself."
        name, path = document.get("name"), document.get("path", "")
        if not isinstance(name, str):
            wrong["name"] = "Give the file's name."
        if not isinstance(path, str):
            wrong["path"] = "Give the folders above the file as one text, joined by “/”."
        size, last_modified = document.get("size"), document.get("last_modified")
        if not _is_integer(size) or int(str(size)) < 0:
            wrong["size"] = "Give the file's size as a whole number of bytes."
        if last_modified is not None and not _is_integer(last_modified):
            wrong["last_modified"] = "Give the time of the last change in milliseconds since 1970, or leave it out."
        door = document.get("door")
        if door is not None and door not in DOORS:
            wrong["door"] = f"Say how the parts will come: {' or '.join(DOORS)}, or leave it to the gateway."
        if wrong:
            raise Invalid(fields=wrong)
        return cls(
            subject=subject,
            name=str(name),
            path=str(path),
            size=int(str(size)),
            last_modified=last_modified,
            door=Door(door) if door else None,
        )


@dataclass(frozen=True, slots=True)
class NewAddresses:
    """The parts that are to get an address, as ``{"parts": [{"number", "sha256"}]}``."""

    promises: list[Promise]

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> NewAddresses:
        """Raises ``Invalid`` with what to write instead."""
        rows = document.get("parts")
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ADDRESSES:
            raise Invalid(fields={"parts": f"Name between 1 and {MOST_ADDRESSES} parts, each with number and sha256."})
        promises = [_promise(row) for row in rows]
        if len({promise.number for promise in promises}) < len(promises):
            raise Invalid(fields={"parts": "Name each part once."})
        return cls(promises)


def _promise(row: object) -> Promise:
    number, sha256 = (row.get("number"), row.get("sha256")) if isinstance(row, dict) else (None, None)
    if not _is_integer(number) or not isinstance(sha256, str) or not _DIGEST.fullmatch(sha256):
        raise Invalid(
            fields={"parts": "Give each part as its number and its SHA-256 in 64 hexadecimal digits (0-9, a-f)."}
        )
    return Promise(number=int(str(number)), sha256=sha256)


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
