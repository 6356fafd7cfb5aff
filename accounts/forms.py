"""Forms of the front door and of My Account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.services.password_policy import LONGEST

# Names are typed as they are: no capital at the start, no correction.
AS_TYPED = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
PASSWORD_RULE = _(
    "At least %(shortest)d characters, and up to %(longest)d. Several words in a row are easy to remember. Spaces and every "
    "letter or sign are welcome, none is required. Well-known passwords and your own name are refused."
) % {"shortest": settings.PASSWORD_MINIMUM_LENGTH, "longest": LONGEST}
TOO_LONG = _("Use at most %(limit_value)d characters; these are %(show_value)d.")
NOT_REPEATED = _("The two entries differ. Type the same password in both fields.")


def _sentences(missing: Any) -> dict[str, Any]:
    """What a field says when it is empty or too long."""
    return {"required": missing, "max_length": TOO_LONG}


class ReadableSecretInput(forms.TextInput):
    """A secret that is typed off a note or the telephone: readable while it is typed, and never sent back in a page."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # noqa: ARG002
        return super().get_context(name, None, attrs)


class PasswordField(forms.CharField):
    """A password as it was typed: outer spaces belong to it."""

    def __init__(self, label: Any, *, purpose: str, missing: Any, help_text: Any = "") -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": purpose, **AS_TYPED})
        super().__init__(
            label=label,
            help_text=help_text,
            strip=False,
            max_length=LONGEST,
            widget=widget,
            error_messages=_sentences(missing),
        )


class IdentifierForm(forms.Form):
    identifier = forms.CharField(
        label=_("User ID or e-mail"),
        max_length=254,
        error_messages=_sentences(_("Enter your User ID or your e-mail address.")),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, **AS_TYPED}),
    )
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    identifier = forms.CharField(max_length=254, widget=forms.HiddenInput(attrs={"autocomplete": "username"}))
    password = PasswordField(_("Password"), purpose="current-password", missing=_("Enter your password."))


class TermsForm(forms.Form):
    accept = forms.BooleanField(
        label=_("I have read this and accept it"),
        error_messages={"required": _("Tick the box to accept. Without it there is no way in.")},
    )


class FirstTimeLoginForm(forms.Form):
    user_id = forms.CharField(
        label=_("User ID"),
        max_length=254,
        error_messages=_sentences(_("Enter your User ID.")),
        help_text=_("It is in the mail that told you about your account, and looks like smithj_4821."),
        widget=forms.TextInput(attrs={"autocomplete": "username", **AS_TYPED}),
    )
    one_time_password = forms.CharField(
        label=_("One-Time Password"),
        max_length=LONGEST,
        error_messages=_sentences(_("Enter the One-Time Password that you were told.")),
        help_text=_(
            "Your administrator, or whoever registered your organisation, tells it to you; it never comes by mail. "
            "In one of the form XXXX-XXXX-XXXX-XXXX, capitals and hyphens do not matter."
        ),
        widget=ReadableSecretInput(attrs={"autocomplete": "one-time-code", **AS_TYPED}),
    )


class OwnPasswordForm(forms.Form):
    password = PasswordField(
        _("New password"), purpose="new-password", missing=_("Choose a password."), help_text=PASSWORD_RULE
    )
    repeated = PasswordField(
        _("New password again"), purpose="new-password", missing=_("Type the new password a second time.")
    )

    def clean_repeated(self) -> str:
        repeated: str = self.cleaned_data["repeated"]
        if "password" in self.cleaned_data and repeated != self.cleaned_data["password"]:
            raise forms.ValidationError(NOT_REPEATED)
        return repeated


class ChangePasswordForm(OwnPasswordForm):
    current_password = PasswordField(
        _("Current password"), purpose="current-password", missing=_("Enter the password that you have now.")
    )

    field_order = ("current_password", "password", "repeated")


class ForgotUserIdForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={
            **_sentences(_("Enter your e-mail address.")),
            "invalid": _("This is no e-mail address. Enter one such as name@example.com."),
        },
        help_text=_("The address your account was made with."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", **AS_TYPED}),
    )


class ForgotPasswordForm(forms.Form):
    identifier = forms.CharField(
        label=_("User ID or e-mail"),
        max_length=254,
        error_messages=_sentences(_("Enter your User ID or your e-mail address.")),
        widget=forms.TextInput(attrs={"autocomplete": "username", **AS_TYPED}),
    )
