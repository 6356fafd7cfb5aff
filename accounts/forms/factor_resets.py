"""Forms around lost second factors: asking, saying who it is, deciding."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import sentences_for
from accounts.services.factor_resets import NO_HOW, NO_REASON

LONGEST = 1000


class AskForm(forms.Form):
    message = forms.CharField(
        label=_("What happened, and how can we reach you today?"),
        help_text=_("For whoever confirms that it is you, such as “New telephone; call me at extension 314”."),
        max_length=LONGEST,
        error_messages=sentences_for(_("Say in a sentence what happened, and how you can be reached.")),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class VouchForm(forms.Form):
    how = forms.CharField(
        label=_("How did you make sure that it is this person?"),
        help_text=_(
            "Meet them, or call them at a number you had before. An answer to a mail proves nothing: whoever reads their "
            "mail could have asked."
        ),
        max_length=LONGEST,
        error_messages=sentences_for(NO_HOW),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST,
        error_messages=sentences_for(NO_REASON),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
