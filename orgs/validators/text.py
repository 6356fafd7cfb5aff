"""Text as people type or paste it: one line, one spelling, nothing that cannot be seen."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters, digits, punctuation and symbols; what is left are marks, spaces and characters without a shape.
_VISIBLE = frozenset("LNPS")


def one_line(value: str) -> str:
    """Text of one line, in NFC, with single spaces; control characters and overrides of direction are refused.

    Text of which nothing would be seen is empty.
    """
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if any(unicodedata.category(char) in _FORBIDDEN_CATEGORIES or char in _DIRECTION_OVERRIDES for char in text):
        raise ValidationError("This holds characters that cannot be shown. Type it in by hand.")
    return text if any(unicodedata.category(char)[0] in _VISIBLE for char in text) else ""


def plain(value: str) -> str:
    """One line in upper case, with the digits and letters of every keyboard in their plain form: ``１２３`` is ``123``."""
    text = unicodedata.normalize("NFKC", one_line(value)).upper()
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def compact(value: str) -> str:
    """``plain`` without the spaces and hyphens that people copy along."""
    return re.sub(r"[\s\-‐-―−]", "", plain(value))
