"""What operator staff write about a registration."""

from __future__ import annotations

from django import forms

from orgs.forms.fields import LineField, TextField
from orgs.models import DenialCode, organization_id_in
from orgs.services.review import NOTE_LENGTH, QUESTION_LENGTH

REASON_LENGTH = 2000


class QuestionForm(forms.Form):
    question = TextField(
        label="What do you need to know?",
        max_length=QUESTION_LENGTH,
        missing="Write what you want to know, in a sentence.",
        help_text="The registrant reads this in a mail, and answers on the page of the registration.",
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
    reason = TextField(
        label="In a sentence",
        max_length=REASON_LENGTH,
        missing="Say why, in a sentence: the registrant reads it.",
        help_text="The registrant reads this.",
    )

    def clean_code(self) -> DenialCode:
        return DenialCode(self.cleaned_data["code"])


class NoteForm(forms.Form):
    text = TextField(
        label="Note",
        max_length=NOTE_LENGTH,
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
        return organization_id_in(typed) or typed
