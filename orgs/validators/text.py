"""Text as people type or paste it: one line, one spelling, nothing that cannot be seen."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters, digits, punctuation and symbols; what is left are marks, spaces and characters without a shape.
_VISIBLE = frozenset("LNPS")
# Letters by category, which are drawn as nothing.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def one_line(value: str) -> str:
    """Text of one line, in NFC, with single spaces; control characters and overrides of direction are refused.

    Text of which nothing would be seen is empty.
    """
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if any(unicodedata.category(char) in _FORBIDDEN_CATEGORIES or char in _DIRECTION_OVERRIDES for char in text):
        raise ValidationError("This holds characters that cannot be shown. Type it in by hand.")
    return text if any(unicodedata.category(char)[0] in _VISIBLE and char not in _FILLERS for char in text) else ""


def several_lines(value: str) -> str:
    """Text of several lines, in NFC, without what cannot be seen: control characters and overrides of direction.

    A NUL stays, for the field to refuse.
    """
    lines = unicodedata.normalize("NFC", value.replace("\t", " ")).splitlines()
    return "\n".join("".join(char for char in line if not _is_hidden(char)) for line in lines)


def _is_hidden(char: str) -> bool:
    return (unicodedata.category(char) in {"Cc", "Cs"} and char != "\0") or char in _DIRECTION_OVERRIDES


def plain(value: str) -> str:
    """One line in upper case, with the digits and letters of every keyboard in their plain form: ``１２３`` is ``123``."""
    text = unicodedata.normalize("NFKC", one_line(value)).upper()
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def compact(value: str) -> str:
    """``plain`` without the spaces and hyphens that people copy along."""
    return re.sub(r"[\s\-‐-―−]", "", plain(value))
