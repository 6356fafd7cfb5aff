"""Forms for whoever cannot get in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import AS_TYPED, sentences_for


class ForgotUserIdForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={
            **sentences_for(_("Enter your e-mail address.")),
            "invalid": _("This is no e-mail address. Enter one such as name@example.com."),
        },
        help_text=_("The address your account was made with."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", **AS_TYPED}),
    )


class ForgotPasswordForm(forms.Form):
    identifier = forms.CharField(
        label=_("User ID or e-mail"),
        max_length=254,
        error_messages=sentences_for(_("Enter your User ID or your e-mail address.")),
        widget=forms.TextInput(attrs={"autocomplete": "username", **AS_TYPED}),
    )


class WhoseAccountForm(ForgotPasswordForm):
    """Whose account a call for help is about."""
