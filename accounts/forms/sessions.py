from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class EndSessionForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("It goes into the audit trail, and the person can read it in their sign-in history."),
        error_messages={"required": _("Say why, in a sentence.")},
    )
