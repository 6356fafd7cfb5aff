"""What ``Upload-Metadata`` says of a file, under the names that tus clients use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from transfers.services.tus.errors import Malformed

NAMELESS = "file"
# What JavaScript clients send for a value that they do not have.
NOTHING = frozenset({"", "null", "undefined"})
LONGEST_TIME = 15


@dataclass(frozen=True, slots=True)
class FileFacts:
    """``last_modified`` is in milliseconds since 1970; ``path`` are the folders above the file."""

    name: str = NAMELESS
    path: str = ""
    subject: UUID | None = None
    last_modified: int | None = None

    @classmethod
    def from_pairs(cls, pairs: Mapping[str, bytes]) -> Self:
        """Raises ``Malformed`` for a name that is not UTF-8 and for a subject that is no UUID.

        ``relativePath`` ends with the file itself, as browsers say it; ``path`` is the folders only. Other keys are kept
        and given back, and mean nothing here.
        """
        said = {key: _text(key, pairs.get(key, b"")) for key in ("filename", "name", "relativePath", "path", "subject")}
        name = _first(said["filename"], said["name"])
        path = said["path"] if said["path"] not in NOTHING else ""
        if said["relativePath"] not in NOTHING:
            path, _, last = said["relativePath"].rpartition("/")
            name = name or last
        return cls(
            name=name or NAMELESS,
            path=path,
            subject=_uuid(said["subject"]),
            last_modified=_milliseconds(pairs.get("lastModified", b"")),
        )


def _first(*values: str) -> str:
    return next((value for value in values if value), "")


def _text(key: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Malformed(f"The value of {key} in Upload-Metadata is not UTF-8.") from None


def _uuid(text: str) -> UUID | None:
    if text in NOTHING:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Malformed("Say with a UUID as subject what the file is for, or leave it out.") from None


def _milliseconds(value: bytes) -> int | None:
    """It is only shown, so what is no number of milliseconds is not worth a refusal."""
    return int(value) if value.isdigit() and len(value) <= LONGEST_TIME else None
