"""The forms of the Administration pages."""

from __future__ import annotations

from typing import Any

from django import forms

from orgs.forms import fields
from orgs.forms.administrators import PersonForm
from orgs.forms.fields import AddressField, ApplicationsField, LineField, SecretField
from orgs.models import Application, Organization

MESSAGE_LENGTH = 1000
REASON_LENGTH = 300


class InvitationForm(forms.Form):
    company_name = LineField(label="Company", missing="Enter the name of the company you invite.")
    first_name = fields.first_name(required=False)
    last_name = fields.last_name(required=False)
    email = AddressField(missing="Enter the address that the invitation goes to.")
    applications = ApplicationsField(
        label="Applications to use together", missing="Choose at least one application to use together."
    )
    message = forms.CharField(
        label="Message",
        required=False,
        max_length=MESSAGE_LENGTH,
        help_text="A few words of your own, shown in the mail.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": fields.TOO_LONG},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        keys = list(Application.objects.values_list("pk", flat=True)[:2])
        self.initial.setdefault("applications", keys if len(keys) == 1 else [])


class UserForm(PersonForm):
    """A new user of the organisation; without a typed One-Time Password one is generated."""

    can_invite = forms.BooleanField(
        label="May invite companies", required=False, help_text="To collaborate with your organisation."
    )
    one_time_password = SecretField()

    def __init__(self, *args: Any, organization: Organization, generate: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.organization = organization
        self.fields["one_time_password"].required = not generate

    def country(self) -> str:
        return self.organization.country.code or ""


class ReissueForm(forms.Form):
    one_time_password = SecretField()

    def __init__(self, *args: Any, generate: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["one_time_password"].required = not generate


class ReasonForm(forms.Form):
    reason = LineField(label="Reason", max_length=REASON_LENGTH, missing="Say why, in a sentence.")


class DenialForm(forms.Form):
    """The operator's reason, which the registrant reads."""

    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        help_text="The registrant reads this.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say why, in a sentence: the registrant reads it.", "max_length": fields.TOO_LONG},
    )
