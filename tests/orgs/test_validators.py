"""Fields of a profile: what is right in which country, and the one spelling it gets."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django_countries import countries
from hypothesis import given
from hypothesis import strategies as some

from orgs import address_rules, mail_domains, validators

COUNTRIES = [code for code, _name in countries]
WITH_POSTAL_CODES = [code for code in COUNTRIES if address_rules.of(code).postal_code_examples]
WITH_REGIONS = [code for code in COUNTRIES if address_rules.of(code).regions]


# --- Postal codes -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("US", "20301", "20301"),
        ("US", "20301 1400", "20301-1400"),
        ("US", "203011400", "20301-1400"),
        ("GB", "s1 2he", "S1 2HE"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("CA", "K1A-0B1", "K1A 0B1"),
        ("DE", "10117", "10117"),
        ("DE", "D-10117", "10117"),
        ("DE", "１０１１７", "10117"),
        ("SE", "SE-11120", "11120"),
        ("NL", "2511ab", "2511 AB"),
        ("JP", "1000001", "100-0001"),
        ("BR", "70040010", "70040-010"),
        ("PL", "00001", "00-001"),
        ("PT", "1000 001", "1000-001"),
        ("LU", "L-1234", "1234"),
        ("LV", "1073", "LV-1073"),
        ("IE", "d02af30", "D02 AF30"),
        ("IN", "١١٠٠٠١", "110001"),
        ("AE", "", ""),
        ("HK", "000", "000"),
    ],
)
def test_a_postal_code_gets_the_spelling_of_its_country(country: str, typed: str, stored: str) -> None:
    assert validators.postal_code(typed, country) == stored


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("US", "2030"),
        ("US", "SW1A 1AA"),
        ("GB", "90210"),
        ("CA", "D1A 0B1"),
        ("DE", "1011"),
        ("DE", "X10117"),
        ("FR", "7500"),
        ("IN", "11000"),
        ("JP", "100-000"),
        ("AU", "260O"),
        ("HK", "<b>"),
        ("SG", "12345"),
    ],
)
def test_a_postal_code_of_elsewhere_is_refused_with_an_example(country: str, typed: str) -> None:
    with pytest.raises(ValidationError, match=r"This is no postal code of .+ Enter one"):
        validators.postal_code(typed, country)


@pytest.mark.parametrize("country", WITH_POSTAL_CODES)
def test_every_example_of_a_country_is_right_in_every_spelling(country: str) -> None:
    for example in address_rules.of(country).postal_code_examples:
        for typed in (example, example.lower(), re.sub(r"[ -]", "", example), f" {example} "):
            assert validators.postal_code(typed, country) == example


@given(
    country=some.sampled_from(COUNTRIES),
    typed=some.text(alphabet=string.ascii_letters + string.digits + " -", max_size=20),
)
def test_a_postal_code_that_was_taken_is_taken_again_unchanged(country: str, typed: str) -> None:
    try:
        stored = validators.postal_code(typed, country)
    except ValidationError:
        return
    assert validators.postal_code(stored, country) == stored
    assert len(stored) <= 20


# --- Regions ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("US", "va", "Virginia"),
        ("US", "US-VA", "Virginia"),
        ("US", "virginia", "Virginia"),
        ("CA", "QC", "Quebec"),
        ("CA", "Québec", "Quebec"),
        ("CA", "Colombie-Britannique", "British Columbia"),
        ("AU", "nsw", "New South Wales"),
        ("BR", "SP", "São Paulo"),
        ("BR", "Sao Paulo", "São Paulo"),
        ("IN", "KA", "Karnataka"),
        ("CN", "Guangdong", "Guangdong Sheng"),
        ("CN", "广东省", "Guangdong Sheng"),
        ("JP", "東京都", "Tokyo"),
        ("JP", "JP-13", "Tokyo"),
        ("KR", "서울", "Seoul"),
        ("AE", "dubai", "Dubai"),
        ("MX", "CDMX", "Ciudad de México"),
        ("IT", "MI", "Milano"),
        ("IE", "Dublin", "Co. Dublin"),
        ("DE", "Bavaria", "Bavaria"),
        ("GB", "", ""),
    ],
)
def test_a_region_is_found_by_name_or_code(country: str, typed: str, stored: str) -> None:
    assert validators.region(typed, country) == stored


@pytest.mark.parametrize(("country", "typed"), [("US", "Bavaria"), ("CA", "Texas"), ("JP", "Seoul"), ("BR", "XX")])
def test_a_region_of_elsewhere_is_refused_where_addresses_need_one(country: str, typed: str) -> None:
    with pytest.raises(ValidationError, match="Choose one of the list, such as"):
        validators.region(typed, country)


@pytest.mark.parametrize("country", WITH_REGIONS)
def test_every_region_is_found_by_the_name_that_is_stored(country: str) -> None:
    for region in address_rules.of(country).regions:
        assert validators.region(region.name, country) == region.name


@pytest.mark.parametrize(
    ("country", "region", "postal_code", "fits"),
    [
        ("US", "Virginia", "22202", True),
        ("US", "Texas", "22202", False),
        ("CA", "Quebec", "H3Z 2Y7", True),
        ("CA", "Alberta", "H3Z 2Y7", False),
        ("US", "", "22202", True),
        ("DE", "Bavaria", "10117", True),
    ],
)
def test_whether_a_postal_code_is_of_a_region(country: str, region: str, postal_code: str, *, fits: bool) -> None:
    assert validators.postal_code_is_of(postal_code, country, region) is fits


# --- Phones -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("GB", "0114 496 0123", "+441144960123"),
        ("GB", "+44 (0)114 496 0123", "+441144960123"),
        ("US", "(703) 555-0100", "+17035550100"),
        ("DE", "030 901820", "+4930901820"),
        ("JP", "03-3224-9999", "+81332249999"),
        ("AQ", "+61 2 6205 9999", "+61262059999"),
    ],
)
def test_a_phone_number_of_the_country(country: str, typed: str, stored: str) -> None:
    assert validators.phone_number(typed, country).as_e164 == stored


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("GB", "+1 703 555 0100"),
        ("US", "0114 496 0123"),
        ("DE", "12"),
        ("AQ", "12345"),
        ("GB", "call me"),
        ("US", "9" * 40),
    ],
)
def test_a_phone_number_of_elsewhere_is_refused(country: str, typed: str) -> None:
    with pytest.raises(ValidationError, match="This is no phone number of"):
        validators.phone_number(typed, country)


# --- Anything -----------------------------------------------------------------------------------------------------
@given(country=some.sampled_from(COUNTRIES), typed=some.text(max_size=40))
def test_whatever_is_typed_is_taken_or_refused(country: str, typed: str) -> None:
    by_country = (validators.cage, validators.region, validators.postal_code, validators.phone_number)
    for check in by_country:
        taken_or_refused(check, typed, country)
    for alone in (validators.uei, validators.duns, validators.domains, validators.one_line):
        taken_or_refused(alone, typed)
    number = taken_or_refused(validators.tax_id, typed, country)
    validators.is_doubtful_tax_id(number or "", country)


def taken_or_refused(check: Callable[..., Any], *typed: str) -> Any:
    """What is stored, or nothing where a sentence says what is wrong."""
    try:
        return check(*typed)
    except ValidationError as refusal:
        unfinished = [sentence for sentence in refusal.messages if not str(sentence).endswith(".")]
    assert not unfinished
    return None


# --- Text ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Müller &  Søn ", "Müller & Søn"),
        ("شركة الأفق", "شركة الأفق"),
        ("חברה בע״מ", "חברה בע״מ"),
        ("株式会社🚀", "株式会社🚀"),
        ("👩‍🚀 Labs", "👩‍🚀 Labs"),
        ("e\u0301toile", "étoile"),
        ("\u200b\u200b", ""),
        ("\u2060 \ufeff", ""),
        ("\u3164\u115f", ""),
    ],
)
def test_text_of_any_script_is_one_line(typed: str, stored: str) -> None:
    assert validators.one_line(typed) == stored


@pytest.mark.parametrize("typed", ["a\u202eb", "a\u2067b", "a\x00b", "a\x1bb", "a\ue000b", "a\ud800b"])
def test_text_that_would_mislead_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="cannot be shown"):
        validators.one_line(typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("one\r\ntwo\n\nfour", "one\ntwo\n\nfour"),
        ("pay \u202eevil\u202c now\x1b[2J\x07", "pay evil now[2J"),
        ("a\tb\u2028c", "a b\nc"),
        ("👩‍🚀 e\u0301té", "👩‍🚀 été"),
    ],
)
def test_text_of_several_lines_is_what_one_sees(typed: str, stored: str) -> None:
    assert validators.several_lines(typed) == stored


# --- E-mail domains -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("newco.example, @Newco.Example; other.example.", ["newco.example", "other.example"]),
        ("bücher.example\nstraße.example", ["xn--bcher-kva.example", "xn--strae-oqa.example"]),
        ("", []),
        (" , ;", []),
    ],
)
def test_several_domains_in_their_one_spelling(typed: str, stored: list[str]) -> None:
    assert validators.domains(typed) == stored


@pytest.mark.parametrize(
    "typed", ["localhost", "a..b", "-a.example", "a_b.example", "1.2.3.4", "x" * 64 + ".example", "*.example"]
)
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="is no e-mail domain"):
        validators.domains(typed)


def test_more_domains_than_an_organisation_has_are_refused() -> None:
    many = [f"d{number}.example" for number in range(validators.MOST_DOMAINS + 1)]

    assert validators.domains(" ".join(many[1:])) == many[1:]
    with pytest.raises(ValidationError, match="at most"):
        validators.domains(" ".join(many))


@pytest.mark.parametrize("address", ["a@mailinator.com", "a@sub.mailinator.com", "a@YOPMAIL.com"])
def test_a_throw_away_address_is_refused_unless_the_operator_takes_them(settings: LazySettings, address: str) -> None:
    with pytest.raises(ValidationError, match="throw-away"):
        validators.lasting_address(address)
    with pytest.raises(ValidationError, match="throw-away"):
        validators.domains(address.rpartition("@")[2])

    settings.REFUSE_DISPOSABLE_MAIL = False
    assert validators.lasting_address(address) == address


@pytest.mark.parametrize("address", ["a@gmail.com", "a@newco.example", "a@notmailinator.example"])
def test_an_address_that_stays_is_taken(address: str) -> None:
    assert validators.lasting_address(address) == address


def test_a_domain_below_the_organisations_is_its_own() -> None:
    assert mail_domains.is_within("eu.newco.example", ["newco.example"])
    assert not mail_domains.is_within("evilnewco.example", ["newco.example"])
    assert mail_domains.of("kim@Bücher.example") == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("US", ["1 Foundry Lane", "Springfield, Region 12345"]),
        ("DE", ["1 Foundry Lane", "12345 Springfield", "Region"]),
        ("GB", ["1 Foundry Lane", "Springfield", "12345", "Region"]),
        ("AE", ["1 Foundry Lane", "Region", "Springfield", "12345"]),
        ("", ["1 Foundry Lane", "12345 Springfield", "Region"]),
    ],
)
def test_an_address_is_shown_as_its_country_writes_it(country: str, lines: list[str]) -> None:
    rules = address_rules.of(country)

    shown = rules.lines(street=("1 Foundry Lane", ""), city="Springfield", region="Region", postal_code="12345")

    assert shown == lines
    assert rules.lines(street=("", ""), city="", region="", postal_code="") == []
