"""Phone numbers, by libphonenumber."""

from __future__ import annotations

import phonenumbers
from django.core.exceptions import ValidationError
from phonenumber_field.phonenumber import PhoneNumber

from orgs.validators.places import country_name


def phone_number(value: str, country: str) -> PhoneNumber:
    """A number that is valid in ``country``, written with or without the country's code.

    A few territories, such as Antarctica, have no numbers of their own: there any valid number will do.
    """
    sentence = (
        f"This is no phone number of {country_name(country)}. Enter one with the area code, such as {_example(country)}, or "
        "choose the country that the number belongs to."
    )
    has_numbers = phonenumbers.country_code_for_region(country) != 0
    try:
        number = PhoneNumber.from_string(value, region=country if has_numbers else None)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(sentence) from error
    if not (phonenumbers.is_valid_number_for_region(number, country) if has_numbers else number.is_valid()):
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


def _example(country: str) -> str:
    number = phonenumbers.example_number(country)
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if number
        else "+1 703 555 0100"
    )
