"""Tax IDs, by python-stdnum where it knows the country's.

A number that is not recognised is taken all the same: countries give several kinds of them, lists of prefixes grow old, and a
registrant cannot argue with a form. It is pointed out at Review instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from django.core.exceptions import ValidationError
from stdnum.eu.vat import MEMBER_STATES
from stdnum.util import get_cc_module

from orgs.validators.text import compact, plain

_LONGEST = 32
# Numbers of organisations beside the one that python-stdnum calls the country's VAT number.
_OTHERS = {
    "US": ("ein",),
    "GB": ("utr",),
    "DE": ("stnr", "wkn"),
    "FR": ("siren", "siret"),
    "ZA": ("tin",),
    "GH": ("tin",),
}
_VAT_PREFIXES = {"GR": "EL"}
_WITH_VAT_PREFIX = frozenset({"gb", *MEMBER_STATES})


class _Kind(Protocol):
    def is_valid(self, number: str) -> bool: ...


def tax_id(value: str, country: str = "") -> str:
    """``value`` without separators; a VAT number of Europe with its country before it."""
    text = plain(value)
    number = re.sub(r"[./]", "", compact(text))
    if text and not re.fullmatch(rf"[0-9A-ZÑ&]{{4,{_LONGEST}}}", number):
        raise ValidationError(
            "A tax ID has 4 to 32 letters and digits; spaces, dots, slashes and hyphens may be between."
        )
    vat = get_cc_module(country, "vat") if country.lower() in _WITH_VAT_PREFIX else None
    if number and vat and vat.is_valid(number):
        return _VAT_PREFIXES.get(country, country) + str(vat.compact(number))
    return number


def is_doubtful_tax_id(number: str, country: str) -> bool:
    """Whether the tax IDs of ``country`` are known, and ``number`` is none of them."""
    kinds = list(_kinds(country))
    return bool(number and kinds) and not any(kind.is_valid(number) for kind in kinds)


def _kinds(country: str) -> Iterator[_Kind]:
    for name in ("vat", *_OTHERS.get(country, ())):
        module = get_cc_module(country, name)
        if module is not None:
            yield module
