"""What a registrant types after Submit, and whoever lost the link to their registration."""

from __future__ import annotations

from django import forms

from orgs.forms.fields import AddressField, TextField

ANSWER_LENGTH = 4000
REASON_LENGTH = 300


class AnswerForm(forms.Form):
    """The answer to the operator's question."""

    answer = TextField(
        label="Your answer",
        max_length=ANSWER_LENGTH,
        missing="Write your answer. A sentence can be enough.",
        rows=6,
    )


class WithdrawalForm(forms.Form):
    """Why a registration is taken back; nobody has to say."""

    reason = TextField(
        label="Reason",
        required=False,
        max_length=REASON_LENGTH,
        help_text="The operator reads it, if you give one.",
        rows=3,
    )


class LinkForm(forms.Form):
    """Where a new link goes to."""

    email = AddressField(
        label="Your e-mail address",
        missing="Enter the address that you gave as the primary contact.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
