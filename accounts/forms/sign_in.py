"""Forms of the way in: sign-in, First-Time Login, the terms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import AS_TYPED, PasswordField, ReadableSecretInput, sentences_for
from accounts.models import Notice
from accounts.services.password_policy import LONGEST

NOTICE_CHANGED = _("The notice below has changed meanwhile. Read it, then go on.")
TERMS_CHANGED = _("The terms below have changed meanwhile. Read them, then go on.")


class SystemUseForm(forms.Form):
    """A form below the system-use notice, which whoever sends it accepts: ``system_use`` says which version they saw."""

    def __init__(self, *args: Any, notice: Notice | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.notice = notice

    def clean(self) -> None:
        super().clean()
        if self.notice is not None and self.data.get("system_use") != str(self.notice.version):
            raise forms.ValidationError(NOTICE_CHANGED, code="notice")


class IdentifierForm(SystemUseForm):
    identifier = forms.CharField(
        label=_("User ID or e-mail"),
        max_length=254,
        error_messages=sentences_for(_("Enter your User ID or your e-mail address.")),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, **AS_TYPED}),
    )
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    identifier = forms.CharField(
        max_length=254,
        error_messages=sentences_for(_("Say on the page before whose password this is.")),
        widget=forms.HiddenInput(attrs={"autocomplete": "username"}),
    )
    password = PasswordField(
        _("Password"), purpose="current-password", missing=_("Enter your password."), autofocus=True
    )


class FirstTimeLoginForm(SystemUseForm):
    user_id = forms.CharField(
        label=_("User ID"),
        max_length=254,
        error_messages=sentences_for(_("Enter your User ID.")),
        help_text=_("It is in the mail that told you about your account, and looks like smithj_4821."),
        widget=forms.TextInput(attrs={"autocomplete": "username", **AS_TYPED}),
    )
    one_time_password = forms.CharField(
        label=_("One-Time Password"),
        max_length=LONGEST,
        error_messages=sentences_for(_("Enter the One-Time Password that you were told.")),
        help_text=_(
            "Your administrator, or whoever registered your organisation, tells it to you; it never comes by mail. "
            "Where it looks like K7QM-2WXR-9HTD-VB4E, capitals and hyphens do not matter."
        ),
        widget=ReadableSecretInput(attrs={"autocomplete": "one-time-code", **AS_TYPED}),
    )


class TermsForm(forms.Form):
    """``version`` says which terms were read."""

    accept = forms.BooleanField(
        label=_("I have read this and accept it"),
        error_messages={"required": _("Tick the box to accept. Without it there is no way in.")},
    )

    def __init__(self, *args: Any, notice: Notice, **options: Any) -> None:
        super().__init__(*args, **options)
        self.notice = notice

    def clean(self) -> None:
        super().clean()
        if self.data.get("version") != str(self.notice.version):
            raise forms.ValidationError(TERMS_CHANGED, code="terms")
