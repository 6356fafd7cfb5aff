"""Reasons: whoever refuses or stops something says why, in words that reach the person concerned."""

from __future__ import annotations

from core import texts

LONGEST_REASON = 1000


def required_reason(text: str) -> str:
    """``text`` without space around it. Raises ``Invalid`` for the field ``reason`` when it is empty or too long."""
    return texts.required(
        text, missing="Say why in a sentence. The person concerned will read it.", longest=LONGEST_REASON
    )
