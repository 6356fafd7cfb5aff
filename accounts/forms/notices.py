"""The form in which staff publish the next version of a notice."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import TOO_LONG
from accounts.services.notices import LONGEST


class NewVersionForm(forms.Form):
    """``instead_of`` says which version was looked at when the text was written."""

    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_(
            "An empty line begins a new paragraph. Everything else is shown as it stands, without any formatting."
        ),
        error_messages={"required": _("Write what people are to read."), "max_length": TOO_LONG},
    )
    instead_of = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def instead_of_what_is_in_force(self) -> None:
        """Keep the text, for whoever has now seen that another version came between."""
        self.data = {"text": self.cleaned_data["text"], "instead_of": self.initial["instead_of"]}
