"""What people write to each other: a reason, a question, an answer."""

from __future__ import annotations

import unicodedata

from core.errors import Invalid


def one_line(text: str) -> str:
    """``text`` as a name is kept: NFC, on one line, without control characters and double spaces."""
    shown = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def required(text: str, *, missing: str, field: str = "reason", longest: int | None = None) -> str:
    """``text`` without space around it. Raises ``Invalid`` for ``field`` when it is empty (``missing``) or too long."""
    written = text.strip()
    if not written:
        raise Invalid(fields={field: missing})
    if longest is not None and len(written) > longest:
        raise Invalid(fields={field: f"This is {len(written):,} characters long; {longest:,} fit. Shorten it."})
    return written
