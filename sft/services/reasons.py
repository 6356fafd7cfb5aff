"""Reasons: whoever refuses or stops something says why, in words that reach the person concerned."""

from __future__ import annotations

from core.errors import Invalid

LONGEST_REASON = 1000


def required_reason(text: str) -> str:
    """``text`` without space around it. Raises ``Invalid`` for the field ``reason`` when it is empty or too long."""
    reason = text.strip()
    if not reason:
        raise Invalid(fields={"reason": "Say why in a sentence. The person concerned will read it."})
    if len(reason) > LONGEST_REASON:
        raise Invalid(fields={"reason": f"Keep the reason under {LONGEST_REASON:,} characters."})
    return reason
