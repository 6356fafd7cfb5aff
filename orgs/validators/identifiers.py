"""What identifies a company: UEI, CAGE or NCAGE, D-U-N-S.

Sources: UEI, FAR 2.101 and GSA's rules for the Unique Entity ID, which do not say how its check character is made; CAGE, FAR
52.204-16 and the code chart of NATO's AC/135 (CodSP-3, NCS country codes); D-U-N-S, nine digits, without a check digit since
2006.
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from orgs.validators.text import compact

# The United States and its outlying areas, whose codes are given by the Defense Logistics Agency.
WITH_CAGE = frozenset({"US", "AS", "GU", "MP", "PR", "UM", "VI"})
# "#" is a digit and "*" a letter or digit. Countries that are not here have no structure of their own that we have read.
NCAGE = {
    "AL": ("A***H",), "DZ": ("B***B",), "AR": ("W***#",), "AU": ("Z***#",), "AT": ("#***N",), "BE": ("B***#",),
    "BA": ("A***U",), "BR": ("#***K",), "BN": ("A***V",), "BG": ("#***U",), "CA": ("L***#", "#***#"), "CL": ("A***A",),
    "CO": ("A***Z",), "HR": ("A***B",), "CZ": ("#***G",), "DK": ("R***#",), "EC": ("B***C",), "EG": ("#***D",),
    "EE": ("#***J",), "FJ": ("#***S",), "FI": ("A***G",), "FR": ("F***#", "M***#"), "GE": ("A***R",),
    "DE": ("C***#", "D***#"), "GR": ("G***#",), "HU": ("#***V",), "IS": ("S***#",), "IN": ("#***Y",), "ID": ("#***Z",),
    "IQ": ("D***N",), "IE": ("D***P",), "IL": ("#***A",), "IT": ("A***#",), "JP": ("J***#",), "JO": ("A***X",),
    "LU": ("B***#",),
}  # fmt: skip
# Given by NATO's own agency (NSPA) where a country gives none.
_OF_NSPA = "S***#"


def uei(value: str) -> str:
    text = compact(value)
    if text and not re.fullmatch(r"(?!0)(?!.*\d{9})[A-HJ-NP-Z0-9]{12}", text):
        raise ValidationError(
            "A UEI has 12 letters and digits, never the letters O and I, and does not begin with 0. Copy it from SAM.gov."
        )
    return text


def cage(value: str, country: str = "") -> str:
    """A CAGE code in the United States, an NCAGE code elsewhere."""
    text = compact(value)
    if text and not re.fullmatch(r"[0-9A-HJ-NP-Z]{5}", text):
        raise ValidationError("A CAGE or NCAGE code has 5 letters and digits, never the letters O and I.")
    if text and country in WITH_CAGE and not _has_structure(text, "#***#"):
        raise ValidationError("A CAGE code of the United States begins and ends with a digit. Copy it from SAM.gov.")
    return text


def is_doubtful_cage(code: str, country: str) -> bool:
    """Whether the country's codes have a structure that is known, and ``code`` has another."""
    structures = NCAGE.get(country)
    return bool(code and structures) and not any(_has_structure(code, one) for one in (*(structures or ()), _OF_NSPA))


def duns(value: str) -> str:
    text = compact(value)
    if text and not re.fullmatch(r"\d{9}", text, re.ASCII):
        raise ValidationError("A D-U-N-S number has 9 digits.")
    return text


def _has_structure(code: str, structure: str) -> bool:
    kinds = {"#": "[0-9]", "*": "[0-9A-Z]"}
    return re.fullmatch("".join(kinds.get(char, char) for char in structure), code) is not None
