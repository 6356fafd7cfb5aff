"""What a program sends to create an upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.errors import Invalid

LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class NewUpload:
    subject: UUID | None
    name: str
    path: str
    size: int
    last_modified: int | None

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
        if wrong:
            raise Invalid(fields=wrong)
        return cls(subject=subject, name=str(name), path=str(path), size=int(str(size)), last_modified=last_modified)


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
