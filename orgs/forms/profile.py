"""The Organization Profile, with the registrant as its primary contact."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django_countries import countries

from orgs import validators
from orgs.forms import fields
from orgs.forms.fields import AddressField, ApplicationsField, LineField
from orgs.models import Application, BusinessType, Registration
from orgs.services.registrations.drafts import CONTACT_FIELDS


def _text(autocomplete: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})


def _code(length: int) -> forms.TextInput:
    return _text("off", spellcheck="false", autocapitalize="characters", size=str(length))


class ProfileForm(forms.Form):
    """All fields of the profile in the order of the page; ``sections`` groups them."""

    legal_name = LineField(
        label="Legal name",
        missing="Enter the legal name of the organisation.",
        help_text="As it is registered with the authorities.",
        widget=_text("organization"),
    )
    doing_business_as = LineField(
        label="Doing business as",
        required=False,
        help_text="The name you are known by, where it differs.",
        widget=_text("off"),
    )
    business_type = forms.ChoiceField(
        label="Business type", required=False, choices=[("", "Choose…"), *BusinessType.choices]
    )
    country = forms.ChoiceField(
        label="Country",
        choices=lambda: [("", "Choose…"), *countries],
        error_messages={"required": "Choose the country.", "invalid_choice": "Choose a country of the list."},
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    address_line_1 = LineField(
        label="Address line 1", missing="Enter the street and number.", widget=_text("address-line1")
    )
    address_line_2 = LineField(label="Address line 2", required=False, widget=_text("address-line2"))
    city = LineField(label="City", max_length=120, missing="Enter the city.", widget=_text("address-level2"))
    region = LineField(
        label="State, province or region", max_length=120, required=False, widget=_text("address-level1")
    )
    postal_code = LineField(
        label="Postal code", max_length=20, missing="Enter the postal code.", widget=_text("postal-code")
    )
    phone = LineField(
        label="Phone",
        max_length=fields.PHONE_LENGTH,
        missing="Enter the organisation’s phone number.",
        help_text="A number in the country chosen above, with the area code.",
        widget=_text("tel", type="tel"),
    )
    website = forms.URLField(
        label="Website",
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=_text("url", inputmode="url"),
        error_messages={
            "invalid": "This is no web address. Enter one such as www.example.com.",
            "max_length": fields.TOO_LONG,
        },
    )
    email_domains = forms.CharField(
        label="E-mail domain(s)",
        required=False,
        max_length=1000,
        help_text="What follows the @ in your organisation’s addresses, such as example.com. Separate several by commas.",
        widget=_text("off", spellcheck="false"),
        error_messages={"max_length": fields.TOO_LONG},
    )
    uei = LineField(
        label="UEI", required=False, max_length=40, help_text="12 characters, from SAM.gov.", widget=_code(16)
    )
    cage = LineField(label="CAGE / NCAGE", required=False, max_length=40, help_text="5 characters.", widget=_code(8))
    duns = LineField(label="D-U-N-S", required=False, max_length=40, help_text="9 digits.", widget=_code(12))
    tax_id = LineField(label="Tax ID", required=False, max_length=40, widget=_code(20))
    contact_first_name = LineField(
        label="First name", max_length=fields.NAME_LENGTH, missing="Enter your first name.", widget=_text("given-name")
    )
    contact_last_name = LineField(
        label="Last name", max_length=fields.NAME_LENGTH, missing="Enter your last name.", widget=_text("family-name")
    )
    contact_email = AddressField(
        label="E-mail address",
        missing="Enter your e-mail address.",
        help_text="Mail about this registration goes here.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    contact_phone = fields.phone(label="Direct phone", help_text="Where it differs from the organisation’s.")
    applications = ApplicationsField(label="Applications your organisation wants to use")

    SECTIONS = (
        ("Organisation", (("legal_name",), ("doing_business_as", "business_type"))),
        (
            "Address",
            (("country",), ("address_line_1",), ("address_line_2",), ("city", "postal_code"), ("region",)),
        ),
        ("How to reach the organisation", (("phone", "website"), ("email_domains",))),
        ("Identifiers, where you have them", (("uei", "cage"), ("duns", "tax_id"))),
        (
            "You, as the primary contact",
            (("contact_first_name", "contact_last_name"), ("contact_email", "contact_phone")),
        ),
    )

    def __init__(self, *args: Any, registration: Registration, **options: Any) -> None:
        super().__init__(*args, **options)
        self.registration = registration
        self.initial = _stored(registration)
        if self._country() in validators.WITHOUT_POSTAL_CODES:
            self.fields["postal_code"].required = False
        if registration.invitation:
            email = self.fields["contact_email"]
            email.disabled = True
            email.initial = self.initial["contact_email"] = registration.invitation.email
            email.help_text = (
                "The invitation was sent to this address. To register with another one, ask to be invited there."
            )

    def sections(self) -> list[tuple[str, list[list[BoundField]]]]:
        """Title and rows of fields, as the page shows them."""
        return [(title, [[self[name] for name in row] for row in rows]) for title, rows in self.SECTIONS]

    def profile(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in Registration.profile_fields()}

    def contact(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in CONTACT_FIELDS}

    def right_answers(self) -> dict[str, Any]:
        """The answers that hold by themselves, for saving a form that is not complete yet."""
        unchecked = () if self.cleaned_data.get("country") else ("postal_code", "phone", "contact_phone")
        return {name: value for name, value in self.cleaned_data.items() if name not in unchecked}

    def clean_email_domains(self) -> list[str]:
        return validators.domains(self.cleaned_data["email_domains"])

    def clean_uei(self) -> str:
        return validators.uei(self.cleaned_data["uei"])

    def clean_cage(self) -> str:
        return validators.cage(self.cleaned_data["cage"])

    def clean_duns(self) -> str:
        return validators.duns(self.cleaned_data["duns"])

    def clean_tax_id(self) -> str:
        return validators.tax_id(self.cleaned_data["tax_id"])

    def clean(self) -> dict[str, Any]:
        """What depends on the country: phones and the postal code. Without a country its own error is enough."""
        country = self.cleaned_data.get("country", "")
        if country:
            self._check("postal_code", lambda value: validators.postal_code(value, country))
            self._check("phone", lambda value: validators.phone_number(value, country))
            self._check("contact_phone", lambda value: validators.any_phone_number(value, country))
        return self.cleaned_data

    def _check(self, name: str, canonical: Any) -> None:
        value = self.cleaned_data.get(name)
        if not value:
            return
        try:
            self.cleaned_data[name] = canonical(value)
        except ValidationError as refusal:
            self.add_error(name, refusal)

    def _country(self) -> str:
        return str(self.data.get(self.add_prefix("country")) or self.initial.get("country") or "")


def _stored(registration: Registration) -> dict[str, Any]:
    """What the draft holds, as the fields show it. Where there is but one application it is chosen from the start."""
    stored = {name: getattr(registration, name) for name in (*Registration.profile_fields(), *CONTACT_FIELDS)}
    stored["country"] = registration.country.code or ""
    stored["phone"] = registration.phone.as_international if registration.phone else ""
    stored["email_domains"] = ", ".join(registration.email_domains)
    stored["applications"] = list(registration.applications.values_list("pk", flat=True)) or _the_only_application()
    return stored


def _the_only_application() -> list[Any]:
    keys = list(Application.objects.values_list("pk", flat=True)[:2])
    return keys if len(keys) == 1 else []
