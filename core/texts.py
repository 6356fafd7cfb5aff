"""What people write to each other: a reason, a question, an answer."""

from __future__ import annotations

from core.errors import Invalid


def required(text: str, *, missing: str, field: str = "reason", longest: int | None = None) -> str:
    """``text`` without space around it. Raises ``Invalid`` for ``field`` when it is empty (``missing``) or too long."""
    written = text.strip()
    if not written:
        raise Invalid(fields={field: missing})
    if longest is not None and len(written) > longest:
        raise Invalid(fields={field: f"This is {len(written):,} characters long; {longest:,} fit. Shorten it."})
    return written
