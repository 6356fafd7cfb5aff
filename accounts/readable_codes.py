"""Secrets that people read out, print and type: four groups of four characters, ``K7QM-2WXR-9HTD-VB4E``."""

from __future__ import annotations

import re
import secrets

# No I, L, O, 0 and 1. 31 characters, 16 of them: about 79 bits.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
GROUPS, GROUP_LENGTH = 4, 4
LENGTH = GROUPS * GROUP_LENGTH
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]")


def draw(alphabet: str = ALPHABET) -> str:
    """A new secret from ``alphabet``."""
    return spelled("".join(secrets.choice(alphabet) for _ in range(LENGTH)))


def spelled(letters: str) -> str:
    """``letters`` in groups, with a hyphen between them."""
    return "-".join(letters[at : at + GROUP_LENGTH] for at in range(0, len(letters), GROUP_LENGTH))


def compact(typed: str) -> str:
    """``typed`` without its spaces, hyphens and dashes."""
    return _SEPARATORS.sub("", typed)
