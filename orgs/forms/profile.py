"""The Organization Profile: by itself, and as a step of the wizard with the registrant as its primary contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django_countries import countries

from orgs import address_rules, validators
from orgs.forms import fields
from orgs.forms.fields import AddressField, ApplicationsField, LineField
from orgs.models import Application, BusinessType, OrganizationProfile, Registration
from orgs.services.registrations.drafts import CONTACT_FIELDS

Canonical = Callable[[str, str], Any]
# Titles, and rows of names of fields.
Sections = tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


def _text(autocomplete: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})


def _identifier(label: str, length: int, *, missing: str, help_text: str) -> LineField:
    widget = _text("off", spellcheck="false", autocapitalize="characters", size=str(length))
    return LineField(label=label, required=False, max_length=40, missing=missing, help_text=help_text, widget=widget)


class RegionInput(forms.TextInput):
    """A field that offers the regions of the chosen country, and takes what is typed."""

    template_name = "orgs/widgets/region.html"

    def __init__(self, **attrs: str) -> None:
        super().__init__(attrs={"autocomplete": "address-level1", **attrs})
        self.regions: list[str] = []

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["regions"] = self.regions
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs']['id']}_list"
        return context


class OrganizationProfileForm(forms.Form):
    """All fields of a profile in the order of the page; ``sections`` groups them. It begins with what ``stored`` says."""

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
        label="State, province or region",
        max_length=120,
        required=False,
        missing="Choose the state, province or region: addresses in this country need it.",
        widget=RegionInput(),
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
    uei = _identifier("UEI", 16, missing="Enter the UEI.", help_text="12 characters, from SAM.gov.")
    cage = _identifier("CAGE / NCAGE", 8, missing="Enter the CAGE or NCAGE code.", help_text="5 characters.")
    duns = _identifier("D-U-N-S", 12, missing="Enter the D-U-N-S number.", help_text="9 digits.")
    tax_id = _identifier(
        "Tax ID",
        20,
        missing="Enter the tax ID.",
        help_text="Of the organisation: EIN, VAT number or what your country has.",
    )
    SECTIONS: ClassVar[Sections] = (
        ("Organisation", (("legal_name",), ("doing_business_as", "business_type"))),
        (
            "Address",
            (("country",), ("address_line_1",), ("address_line_2",), ("city",), ("region", "postal_code")),
        ),
        ("How to reach the organisation", (("phone", "website"), ("email_domains",))),
        ("Identifiers, where you have them", (("uei", "cage"), ("duns", "tax_id"))),
    )

    # Fields whose spelling depends on the country.
    BY_COUNTRY: ClassVar[dict[str, Canonical]] = {
        "region": validators.region,
        "postal_code": validators.postal_code,
        "phone": validators.phone_number,
        "cage": validators.cage,
        "tax_id": validators.tax_id,
    }

    def __init__(self, *args: Any, stored: OrganizationProfile, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {**_stored_profile(stored), **self.initial}
        for name in settings.REQUIRED_IDENTIFIERS:
            self.fields[name].required = True
        self._ask_for_what_the_country_needs()

    def sections(self) -> list[tuple[str, list[list[BoundField]]]]:
        """Title and rows of fields, as the page shows them."""
        return [(title, [[self[name] for name in row] for row in rows]) for title, rows in self.SECTIONS]

    def profile(self) -> dict[str, Any]:
        """The checked profile by field name, each value in its one spelling."""
        return {name: self.cleaned_data[name] for name in OrganizationProfile.profile_fields()}

    def clean_email_domains(self) -> list[str]:
        return validators.domains(self.cleaned_data["email_domains"])

    def clean_uei(self) -> str:
        return validators.uei(self.cleaned_data["uei"])

    def clean_duns(self) -> str:
        return validators.duns(self.cleaned_data["duns"])

    def clean(self) -> dict[str, Any]:
        """What depends on the country. Without a country its own error is enough."""
        country = self.cleaned_data.get("country", "")
        for name, canonical in self.BY_COUNTRY.items():
            value = self.cleaned_data.get(name)
            if country and value:
                self._check(name, value, country, canonical)
        return self.cleaned_data

    def _check(self, name: str, value: str, country: str, canonical: Canonical) -> None:
        try:
            self.cleaned_data[name] = canonical(value, country)
        except ValidationError as refusal:
            self.add_error(name, refusal)

    def _ask_for_what_the_country_needs(self) -> None:
        rules = address_rules.of(self._country())
        self.fields["postal_code"].required = not rules.country or rules.is_postal_code_required
        self.fields["region"].required = rules.is_region_required
        widget = self.fields["region"].widget
        if isinstance(widget, RegionInput):
            widget.regions = [region.name for region in rules.regions]

    def _country(self) -> str:
        return str(self.data.get(self.add_prefix("country")) or self.initial.get("country") or "")


class ProfileForm(OrganizationProfileForm):
    """The wizard's step: the profile, the registrant as its primary contact, and the applications asked for."""

    contact_first_name = LineField(
        label="First name", max_length=fields.NAME_LENGTH, missing="Enter your first name.", widget=_text("given-name")
    )
    contact_last_name = LineField(
        label="Last name", max_length=fields.NAME_LENGTH, missing="Enter your last name.", widget=_text("family-name")
    )
    contact_email = AddressField(
        label="E-mail address",
        missing="Enter your e-mail address.",
        lasting=True,
        help_text="Mail about this registration goes here.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    contact_phone = fields.phone(label="Direct phone", help_text="Where it differs from the organisation’s.")
    applications = ApplicationsField(label="Applications your organisation wants to use")

    SECTIONS: ClassVar[Sections] = (
        *OrganizationProfileForm.SECTIONS,
        (
            "You, as the primary contact",
            (("contact_first_name", "contact_last_name"), ("contact_email", "contact_phone")),
        ),
    )
    BY_COUNTRY: ClassVar[dict[str, Canonical]] = {
        **OrganizationProfileForm.BY_COUNTRY,
        "contact_phone": validators.any_phone_number,
    }

    def __init__(self, *args: Any, registration: Registration, **options: Any) -> None:
        super().__init__(*args, stored=registration, **options)
        self.registration = registration
        self.initial.update({name: getattr(registration, name) for name in CONTACT_FIELDS})
        self.initial["applications"] = _chosen(registration)
        if registration.invitation and not registration.invitation.colleague_allowed:
            self._fix_address(registration.invitation.email)

    def contact(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in CONTACT_FIELDS}

    def right_answers(self) -> dict[str, Any]:
        """The answers that hold by themselves, for saving a form that is not complete yet."""
        unchecked = () if self.cleaned_data.get("country") else tuple(self.BY_COUNTRY)
        return {name: value for name, value in self.cleaned_data.items() if name not in unchecked}

    def _fix_address(self, invited: str) -> None:
        email = self.fields["contact_email"]
        email.disabled, email.lasting = True, False  # type: ignore[attr-defined]
        email.initial = self.initial["contact_email"] = invited
        email.help_text = (
            "The invitation was sent to this address. To register with another one, ask to be invited there."
        )


def _stored_profile(profile: OrganizationProfile) -> dict[str, Any]:
    """What is stored, as the fields show it."""
    return {
        **profile.profile(),
        "country": profile.country.code or "",
        "phone": profile.phone.as_international if profile.phone else "",
        "email_domains": ", ".join(profile.email_domains),
    }


def _chosen(registration: Registration) -> list[Any]:
    """The applications asked for. Where there is but one application it is chosen from the start."""
    return list(registration.applications.values_list("pk", flat=True)) or _the_only_application()


def _the_only_application() -> list[Any]:
    keys = list(Application.objects.values_list("pk", flat=True)[:2])
    return keys if len(keys) == 1 else []
