"""What somebody types who asks to join an organisation, and whoever decides on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from core.forms import Described
from orgs.forms.administrators import PersonForm
from orgs.forms.fields import AddressField, LineField, SecretField, TextField
from orgs.models import Invitation, Organization

MESSAGE_LENGTH = 1000
REASON_LENGTH = 300


class JoinForm(PersonForm):
    """Who asks. By an invitation that no colleague may use, the address is the invited one."""

    email = AddressField(
        lasting=True,
        help_text="Your address at work. We mail the link there.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    message = TextField(
        label="Message",
        required=False,
        max_length=MESSAGE_LENGTH,
        help_text="A few words by which the administrator knows who you are.",
        rows=3,
    )

    def __init__(self, *args: Any, invitation: Invitation | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if invitation is None:
            return
        self.initial = {
            **self.initial,
            "first_name": invitation.first_name,
            "last_name": invitation.last_name,
            "email": invitation.email,
        }
        if not invitation.colleague_allowed:
            email = self.fields["email"]
            email.disabled, email.lasting = True, False  # type: ignore[attr-defined]
            email.help_text = "The invitation was sent to this address."


class ChoiceForm(forms.Form):
    """One of the organisations with the domain of the address, or any other by its Organization ID."""

    suggested = forms.ChoiceField(label="Organisation", required=False, widget=forms.RadioSelect)
    organization_id = LineField(
        label="Organization ID",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        help_text="It looks like ORG-7KQM-2WXR.",
    )

    def __init__(self, *args: Any, suggestions: Sequence[Organization], **options: Any) -> None:
        super().__init__(*args, **options)
        self.has_suggestions = bool(suggestions)
        if not suggestions:
            del self.fields["suggested"]
            return
        choices = [(str(entry.pk), Described(entry.legal_name, _place(entry))) for entry in suggestions]
        self.fields["suggested"].choices = choices  # type: ignore[attr-defined]
        self.fields["suggested"].error_messages["invalid_choice"] = "Choose an organisation of the list."
        self.fields["organization_id"].label = "Or another one, by its Organization ID"


class ApprovalForm(forms.Form):
    """The One-Time Password for somebody who is new; without a typed one it is generated."""

    one_time_password = SecretField(required=False)


class JoinDenialForm(forms.Form):
    """Why somebody may not join; they read it."""

    reason = LineField(
        label="Reason",
        max_length=REASON_LENGTH,
        missing="Say why, in a sentence: the person reads it.",
        help_text="The person reads this.",
    )


def _place(organization: Organization) -> str:
    return ", ".join(part for part in (organization.city, str(organization.country.name or "")) if part)
