"""Forms of second factors: the code of an app, a recovery code, a name."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import AS_TYPED, ReadableSecretInput, sentences_for
from accounts.services.factors.names import LONGEST

SIX_DIGITS = re.compile(r"[0-9]{6}")


class AppCodeField(forms.CharField):
    """The six digits that an authenticator app shows, with or without a space between them."""

    def __init__(self, **options: Any) -> None:
        keyboard = {"autocomplete": "one-time-code", "inputmode": "numeric", **AS_TYPED}
        super().__init__(
            label=_("Code from your app"),
            max_length=16,
            error_messages=sentences_for(_("Enter the six digits that your authenticator app shows.")),
            widget=ReadableSecretInput(attrs={**keyboard, **options.pop("attrs", {})}),
            **options,
        )

    def clean(self, value: Any) -> str:
        digits = "".join(str(super().clean(value)).split())
        if not SIX_DIGITS.fullmatch(digits):
            raise ValidationError(_("A code has six digits, such as 123 456. Type the one that your app shows now."))
        return digits


class AppCodeForm(forms.Form):
    code = AppCodeField(attrs={"autofocus": True})


class RecoveryCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Recovery code"),
        max_length=64,
        help_text=_("One of those that look like K7QM-2WXR-9HTD-VB4E. Capitals and hyphens do not matter."),
        error_messages=sentences_for(_("Enter one of your recovery codes.")),
        widget=ReadableSecretInput(attrs={"autocomplete": "off", "autofocus": True, **AS_TYPED}),
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST,
        help_text=_("For you to tell it from others, such as My phone or Blue key."),
        error_messages=sentences_for(_("Give it a name.")),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewAppForm(NameForm):
    """The first code of an app, and what it is to be called."""

    code = AppCodeField(help_text=_("Six digits, which change every 30 seconds."))
    field_order = ("code", "name")


class KeptCodesForm(forms.Form):
    kept = forms.BooleanField(
        label=_("I have printed these codes or saved them where I find them without my telephone"),
        error_messages={"required": _("Keep the codes first, then tick the box. They are not shown again.")},
    )
