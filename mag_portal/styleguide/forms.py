"""Forms that are only looked at."""

from __future__ import annotations

from django import forms

from core.forms import Described

CHOICES = [
    ("myself", Described("Select myself", "You become Organization Administrator with the name and address you gave.")),
    (
        "new",
        Described("Create somebody else", "A person who has no account yet. You tell them their One Time Password."),
    ),
]


class SampleForm(forms.Form):
    """One field of each kind."""

    legal_name = forms.CharField(label="Legal name", help_text="As it stands in the commercial register.")
    country = forms.ChoiceField(label="Country", choices=[("", "Choose…"), ("US", "United States"), ("DE", "Germany")])
    website = forms.URLField(label="Website", required=False, assume_scheme="https")
    password = forms.CharField(
        label="One Time Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="At least 15 characters. You are responsible for communicating it to the user.",
    )
    administrator = forms.ChoiceField(label="Organization Administrator", choices=CHOICES, widget=forms.RadioSelect)
    applications = forms.MultipleChoiceField(
        label="Applications",
        choices=[("sft", Described("SFT", "Secure File Transfer")), ("plm", Described("PLM", "Product data exchange"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    note = forms.CharField(label="Note to the operator", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    certificate = forms.FileField(label="Certificate", help_text="PDF, at most 10 MB.", required=False)
    organization_id = forms.CharField(label="Organization ID", initial="EXO-7F3K-92QD", disabled=True, required=False)
    terms = forms.BooleanField(label="I may register this organisation", help_text="You act for it, or were asked to.")


class SignInForm(forms.Form):
    user_id = forms.CharField(label="User ID or e-mail", widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


class AddressForm(forms.Form):
    """What a wizard's step looks like."""

    legal_name = forms.CharField(label="Legal name", help_text="As it stands in the commercial register.")
    doing_business_as = forms.CharField(label="Doing business as", required=False)
    country = forms.ChoiceField(label="Country", choices=[("", "Choose…"), ("US", "United States"), ("DE", "Germany")])
    address = forms.CharField(label="Address")
    city = forms.CharField(label="City")
    postal_code = forms.CharField(label="Postal code")
    phone = forms.CharField(label="Phone", help_text="With the country code, for example +1 703 555 0100.")
    website = forms.URLField(label="Website", required=False, assume_scheme="https")


def empty() -> SampleForm:
    return SampleForm(auto_id="id_empty_%s")


def refused() -> SampleForm:
    """As it comes back: some fields wrong, some right."""
    return SampleForm(
        {"legal_name": "Hawker Precision Ltd", "website": "not an address", "applications": ["sft"], "note": ""},
        auto_id="id_refused_%s",
    )
