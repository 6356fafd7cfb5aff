"""What the fields of a profile must look like. Each function returns the value in its one spelling or raises
``ValidationError`` with a sentence that says what to do.

Sources: UEI, FAR 2.101 and GSA's technical specification of the Unique Entity ID; CAGE, FAR 52.204-16 and NATO ACodP-1
(NCAGE); D-U-N-S, nine digits; postal codes, the UPU's addressing sheets; phones, libphonenumber.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django_countries import countries
from phonenumber_field.phonenumber import PhoneNumber

MOST_DOMAINS = 20
WITHOUT_POSTAL_CODES = frozenset(
    (
        "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM", "DJ", "DM",
        "ER", "FJ", "GA", "GD", "GH", "GM", "GQ", "GY", "HK", "JM", "KI", "KM", "KN", "KP", "LY", "ML", "MO", "MR", "MW",
        "NR", "NU", "QA", "RW", "SB", "SC", "SL", "SR", "ST", "SY", "TD", "TG", "TK", "TL", "TO", "TV", "UG", "VU", "YE",
        "ZW",
    )
)  # fmt: skip
POSTAL_CODES = {
    "AT": (r"\d{4}", "1010"),
    "AU": (r"\d{4}", "2600"),
    "BE": (r"\d{4}", "1000"),
    "BR": (r"\d{5}-?\d{3}", "70040-010"),
    "CA": (r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d", "K1A 0B1"),
    "CH": (r"\d{4}", "3000"),
    "CN": (r"\d{6}", "100000"),
    "CZ": (r"\d{3} ?\d{2}", "110 00"),
    "DE": (r"\d{5}", "10117"),
    "DK": (r"\d{4}", "1050"),
    "ES": (r"\d{5}", "28001"),
    "FI": (r"\d{5}", "00100"),
    "FR": (r"\d{5}", "75001"),
    "GB": (r"(GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})", "SW1A 1AA"),
    "IN": (r"\d{6}", "110001"),
    "IT": (r"\d{5}", "00184"),
    "JP": (r"\d{3}-?\d{4}", "100-0001"),
    "KR": (r"\d{5}", "03051"),
    "NL": (r"\d{4} ?[A-Z]{2}", "2511 AB"),
    "NO": (r"\d{4}", "0150"),
    "NZ": (r"\d{4}", "6011"),
    "PL": (r"\d{2}-\d{3}", "00-001"),
    "PT": (r"\d{4}-\d{3}", "1000-001"),
    "SE": (r"\d{3} ?\d{2}", "111 20"),
    "SG": (r"\d{6}", "018956"),
    "TR": (r"\d{5}", "06420"),
    "US": (r"\d{5}(-\d{4})?", "20301 or 20301-1400"),
}
_DOMAIN_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(value: str) -> str:
    """Text of one line, in NFC, with single spaces; control characters and overrides of direction are refused."""
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if any(unicodedata.category(char) in _FORBIDDEN_CATEGORIES or char in _DIRECTION_OVERRIDES for char in text):
        raise ValidationError("This holds characters that cannot be shown. Type it in by hand.")
    return text


def uei(value: str) -> str:
    text = _compact(value)
    if text and not re.fullmatch(r"(?!0)(?!.*\d{9})[A-HJ-NP-Z0-9]{12}", text):
        raise ValidationError(
            "A UEI has 12 letters and digits, never the letters O and I, and does not begin with 0. Copy it from SAM.gov."
        )
    return text


def cage(value: str) -> str:
    text = _compact(value)
    if text and not re.fullmatch(r"[0-9A-HJ-NP-Z]{5}", text):
        raise ValidationError("A CAGE or NCAGE code has 5 letters and digits, never the letters O and I.")
    return text


def duns(value: str) -> str:
    text = _compact(value)
    if text and not re.fullmatch(r"\d{9}", text):
        raise ValidationError("A D-U-N-S number has 9 digits.")
    return text


def tax_id(value: str) -> str:
    text = one_line(value).upper()
    if text and not re.fullmatch(r"[0-9A-Z][0-9A-Z ./-]{3,31}", text):
        raise ValidationError(
            "A tax ID has 4 to 32 letters and digits; spaces, dots, slashes and hyphens may be between."
        )
    return text


def domains(value: str) -> list[str]:
    """The e-mail domains in a text that separates them by commas, spaces or lines; an ``@`` before one is forgiven."""
    found: list[str] = []
    for word in re.split(r"[\s,;]+", value.strip().lower()):
        name = word.removeprefix("@").rstrip(".")
        if name and (canonical := _domain(name)) not in found:
            found.append(canonical)
    if len(found) > MOST_DOMAINS:
        raise ValidationError(f"Enter at most {MOST_DOMAINS} domains.")
    return found


def postal_code(value: str, country: str) -> str:
    """``value`` as ``country`` writes it; countries not in the table take any short text."""
    text = one_line(value).upper()
    pattern, example = POSTAL_CODES.get(country, (r"[0-9A-Z][0-9A-Z -]{1,18}", ""))
    if text and not re.fullmatch(pattern, text):
        like = f", such as {example}" if example else ""
        raise ValidationError(f"This is no postal code of {country_name(country)}. Enter one{like}.")
    return text


def phone_number(value: str, country: str) -> PhoneNumber:
    """A number that is valid in ``country``, written with or without the country's code."""
    sentence = (
        f"This is no phone number of {country_name(country)}. Enter one with the area code, such as {_example(country)}, or "
        "choose the country that the number belongs to."
    )
    try:
        number = PhoneNumber.from_string(value, region=country)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(sentence) from error
    if not phonenumbers.is_valid_number_for_region(number, country):
        raise ValidationError(sentence)
    return number


def any_phone_number(value: str, country: str = "") -> str:
    """A number that is valid somewhere, in international spelling; ``country`` is meant where no code is written."""
    try:
        number = PhoneNumber.from_string(value, region=country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not number.is_valid():
        raise ValidationError("This is no phone number. Enter it with the country’s code, such as +1 703 555 0100.")
    return str(number.as_international)


def country_name(code: str) -> str:
    return str(countries.name(code) or "the chosen country")


def _example(country: str) -> str:
    number = phonenumbers.example_number(country)
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if number
        else "+1 703 555 0100"
    )


def _compact(value: str) -> str:
    """Upper case, without the spaces and hyphens that people copy along."""
    return re.sub(r"[\s\-‐-―]", "", unicodedata.normalize("NFKC", value)).upper()


def _domain(name: str) -> str:
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError:
        ascii_name = ""
    *labels, top = ascii_name.split(".")
    well_formed = bool(labels) and all(_DOMAIN_LABEL.fullmatch(label) for label in labels) and _TOP_LEVEL.fullmatch(top)
    if not well_formed or len(ascii_name) > 253:
        shown = name[:60]
        raise ValidationError(f"“{shown}” is no e-mail domain. Enter what follows the @, such as example.com.")
    return ascii_name
