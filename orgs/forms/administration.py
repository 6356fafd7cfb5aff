"""The forms of the Administration pages."""

from __future__ import annotations

from typing import Any

from django import forms

from orgs.forms.administrators import PersonForm
from orgs.forms.fields import LineField, SecretField
from orgs.models import Organization

REASON_LENGTH = 300


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
