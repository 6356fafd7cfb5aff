"""What operator staff write about a registration."""

from __future__ import annotations

from django import forms

from orgs.forms import fields
from orgs.forms.fields import LineField
from orgs.models import DenialCode, RegistrationNote, RegistrationQuestion

REASON_LENGTH = 2000


def _text(label: str, *, length: int | None, missing: str, rows: int, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=length,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing, "max_length": fields.TOO_LONG},
    )


class QuestionForm(forms.Form):
    question = _text(
        "What do you need to know?",
        length=RegistrationQuestion._meta.get_field("text").max_length,
        missing="Write what you want to know, in a sentence.",
        help_text="The registrant reads this in a mail, and answers on the page of the registration.",
        rows=4,
    )


class DenialForm(forms.Form):
    """The operator's reason: a code for reports, and the sentence that the registrant reads."""

    code = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose…"), *DenialCode.choices],
        error_messages={
            "required": "Choose the reason that fits best.",
            "invalid_choice": "Choose one of the reasons in the list.",
        },
    )
    reason = _text(
        "In a sentence",
        length=REASON_LENGTH,
        missing="Say why, in a sentence: the registrant reads it.",
        help_text="The registrant reads this.",
        rows=4,
    )

    def clean_code(self) -> DenialCode:
        return DenialCode(self.cleaned_data["code"])


class NoteForm(forms.Form):
    text = _text(
        "Note",
        length=RegistrationNote._meta.get_field("text").max_length,
        missing="Write the note first.",
        help_text="For colleagues; the registrant never sees it.",
        rows=3,
    )


class MergeForm(forms.Form):
    """Which organisation a registration is added to."""

    organization_id = LineField(
        label="Organization ID", max_length=16, missing="Enter an Organization ID, such as ORG-7KQM-2TXW."
    )

    def clean_organization_id(self) -> str:
        typed: str = self.cleaned_data["organization_id"]
        return typed.upper()
