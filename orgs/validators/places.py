"""Regions and postal codes, as the chosen country writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django_countries import countries

from orgs import address_rules
from orgs.address_rules import AddressRules
from orgs.validators.text import one_line, plain

_ANY_POSTAL_CODE = r"[0-9A-Z][0-9A-Z -]{1,18}"


def region(value: str, country: str) -> str:
    """``value`` in the spelling in which ``country``'s regions are stored: their name in Latin letters.

    Where addresses do not need a region, any text will do too.
    """
    text, rules = one_line(value), address_rules.of(country)
    found = rules.region(text) if text else None
    if text and not found and rules.is_region_required:
        first, last = rules.regions[0].name, rules.regions[-1].name
        raise ValidationError(
            f"This is no {rules.region_type} of {country_name(country)}. Choose one of the list, such as {first} or {last}."
        )
    return found.name if found else text


def postal_code(value: str, country: str) -> str:
    """``value`` as ``country`` writes it; where there are no postal codes, or no rule for them, any short text."""
    text, rules = plain(value), address_rules.of(country)
    if not text:
        return ""
    pattern = rules.postal_code_pattern or _ANY_POSTAL_CODE
    for spelling in _spellings(text, rules):
        if re.fullmatch(pattern, spelling, re.ASCII):
            return spelling
    examples = " or ".join(rules.postal_code_examples[:2])
    like = f", such as {examples}" if examples else ""
    raise ValidationError(f"This is no postal code of {country_name(country)}. Enter one{like}.")


def postal_code_is_of(postal_code: str, country: str, region: str) -> bool:
    """Whether postal codes of ``region`` begin like this one; true where that is not known."""
    rules = address_rules.of(country)
    found = rules.region(region) if region else None
    if not found or not found.postal_codes or not postal_code:
        return True
    return re.match(f"(?:{found.postal_codes})", postal_code, re.ASCII) is not None


def country_name(code: str) -> str:
    return str(countries.name(code) or "the chosen country")


def _spellings(text: str, rules: AddressRules) -> Iterator[str]:
    """Ways to write what may have been meant: with the country's separator, without, and without the country before it."""
    if not rules.postal_code_pattern:
        yield text
        return
    separators = dict.fromkeys(char for example in rules.postal_code_examples for char in example if not char.isalnum())
    bare = re.sub(r"[\s-]", "", text)
    before = re.match(rf"(?:[A-Z]{{1,3}}-|{re.escape(rules.country)}[ -]?)(?=\d)", text)
    stripped = [re.sub(r"[\s-]", "", text[before.end() :])] if before else []
    for code in (bare, *stripped, f"{rules.country}{bare}"):
        for separator in separators:
            for cut in range(1, len(code)):
                yield f"{code[:cut]}{separator}{code[cut:]}"
        yield code
    yield text
