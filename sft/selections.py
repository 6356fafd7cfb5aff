"""Some of the files of a package, named in an address that stays short whatever their number.

A package is a fixed snapshot once it has been sent, so that a file's place in it is its name: one bit for each place.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import TypeVar

from core.errors import NotFound

T = TypeVar("T")


def named(places: Iterable[int]) -> str:
    """Places counted from 0 as text for a query: at most a third of a byte each."""
    bits = sum(1 << place for place in set(places))
    packed = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def chosen(text: str, items: Sequence[T]) -> list[T]:
    """Those of ``items`` that ``text`` names, in their order. Raises ``NotFound`` where it names none, or nothing that is
    there.
    """
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound from None
    bits = int.from_bytes(packed, "little")
    if not bits or bits.bit_length() > len(items):
        raise NotFound
    return [item for place, item in enumerate(items) if bits >> place & 1]
