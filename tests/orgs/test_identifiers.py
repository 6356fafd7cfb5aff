"""UEI, CAGE, D-U-N-S and tax IDs: one spelling, refused where they cannot be, doubted where they hardly are."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from orgs import validators


@pytest.mark.parametrize("typed", ["J9MT6LPZ9XH7", "j9mt 6lpz-9xh7", " j9mt‐6lpz–9xh7 ", "Ｊ9MT6LPZ9XH7"])
def test_a_uei_is_stored_without_separators(typed: str) -> None:
    assert validators.uei(typed) == "J9MT6LPZ9XH7"


@pytest.mark.parametrize(
    "typed", ["J9MT6LPZ9XH", "J9MT6LPZ9XH77", "09MT6LPZ9XH7", "I9MT6LPZ9XH7", "AB123456789C", "Ж9MT6LPZ9XH7"]
)
def test_what_cannot_be_a_uei_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="A UEI has 12 letters and digits"):
        validators.uei(typed)


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("US", "1ab-c2", "1ABC2"),
        ("PR", "1ABC2", "1ABC2"),
        ("DE", "d 1234", "D1234"),
        ("GB", "K0378", "K0378"),
        ("", "s1234", "S1234"),
    ],
)
def test_a_cage_code(country: str, typed: str, stored: str) -> None:
    assert validators.cage(typed, country) == stored


@pytest.mark.parametrize(
    ("country", "typed", "sentence"),
    [
        ("US", "D1234", "begins and ends with a digit"),
        ("PR", "1234D", "begins and ends with a digit"),
        ("DE", "D123", "has 5 letters and digits"),
        ("DE", "D123O", "never the letters O and I"),
        ("US", "123456", "has 5 letters and digits"),
    ],
)
def test_what_cannot_be_a_cage_code_is_refused(country: str, typed: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validators.cage(typed, country)


@pytest.mark.parametrize(
    ("country", "code", "doubtful"),
    [
        ("DE", "D1234", False),
        ("DE", "C12A4", False),
        ("DE", "12345", True),
        ("DE", "S1234", False),
        ("CA", "L0AB1", False),
        ("CA", "12345", False),
        ("AT", "1234N", False),
        ("AT", "N1234", True),
        ("GB", "12345", False),
        ("DE", "", False),
    ],
)
def test_an_ncage_code_of_another_country_is_doubted(country: str, code: str, *, doubtful: bool) -> None:
    assert validators.is_doubtful_cage(code, country) is doubtful


@pytest.mark.parametrize("typed", ["123456789", "12-345-6789", "12 345 6789", "１２３４５６７８９"])
def test_a_duns_number_is_nine_digits(typed: str) -> None:
    assert validators.duns(typed) == "123456789"


@pytest.mark.parametrize("typed", ["12345678", "1234567890", "12345678A"])
def test_what_cannot_be_a_duns_number_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="has 9 digits"):
        validators.duns(typed)


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("US", "91-1144442", "911144442"),
        ("DE", "DE 136,695 976".replace(",", "."), "DE136695976"),
        ("DE", "136 695 976", "DE136695976"),
        ("DE", "133/8150/8159", "13381508159"),
        ("GB", "gb 980 7806 84", "GB980780684"),
        ("GR", "094259216", "EL094259216"),
        ("FR", "83 404 833 048", "FR83404833048"),
        ("FR", "552 008 443", "552008443"),
        ("BR", "16.727.230/0001-97", "16727230000197"),
        ("IN", "27aapfu0939f1zv", "27AAPFU0939F1ZV"),
        ("MX", "GÑ&010101AB1", "GÑ&010101AB1"),
        ("AQ", "12-34 56", "123456"),
    ],
)
def test_a_tax_id_is_stored_without_separators(country: str, typed: str, stored: str) -> None:
    assert validators.tax_id(typed, country) == stored


@pytest.mark.parametrize("typed", ["123", "<b>", "1" * 33, "12_345", "12.34\u202e5678"])
def test_what_cannot_be_a_tax_id_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        validators.tax_id(typed, "US")


@pytest.mark.parametrize(
    ("country", "number", "doubtful"),
    [
        ("US", "911144442", False),
        ("US", "071144442", True),
        ("DE", "DE136695976", False),
        ("DE", "DE136695978", True),
        ("GB", "GB980780684", False),
        ("GB", "GB123456789", True),
        ("GR", "EL094259216", False),
        ("BR", "16727230000197", False),
        ("AQ", "123456", False),
        ("US", "", False),
    ],
)
def test_a_tax_id_with_a_wrong_character_is_doubted(country: str, number: str, *, doubtful: bool) -> None:
    assert validators.is_doubtful_tax_id(number, country) is doubtful
