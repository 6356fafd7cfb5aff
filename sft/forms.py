"""What people type in this room, checked for its shape; whether it holds is for the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from sft.services.drafts import LONGEST_NOTE, LONGEST_TITLE
from sft.services.reasons import LONGEST_REASON


class NeededToSend(forms.CharField):
    """Starred, because Send asks for it; a draft is saved without it."""

    def validate(self, value: str) -> None:
        """Whether it is missing is for Send to say."""


class PackageForm(forms.Form):
    """Title and note of a draft, and one more recipient."""

    recipient = forms.CharField(
        label="Add a recipient",
        required=False,
        max_length=320,
        help_text="Type a name, an e-mail address or a User ID.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )
    title = NeededToSend(label="Title", max_length=LONGEST_TITLE, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    note = forms.CharField(
        label="Note", required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 4})
    )


class RecipientForm(forms.Form):
    """One more recipient, by what was typed or picked."""

    recipient = forms.CharField(required=False, max_length=320)


class ReasonForm(forms.Form):
    """Why somebody's access is refused or stopped."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_REASON,
        help_text="The person concerned reads it in a mail and on their Home tab.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class KeysField(forms.Field):
    """The keys of the ticked rows of a table."""

    widget = forms.SelectMultiple

    def to_python(self, value: Sequence[str] | None) -> list[UUID]:
        try:
            return [UUID(key) for key in value or ()]
        except ValueError:
            raise forms.ValidationError("Select from the list below.") from None


class RequestsForm(ReasonForm):
    """Which of the pending requests are decided, and why where they are denied."""

    chosen = KeysField(label="Requests", error_messages={"required": "Select at least one request."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "Reason for denial"
