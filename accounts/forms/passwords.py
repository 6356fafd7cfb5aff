"""Forms in which somebody chooses a password."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import password_rules
from accounts.forms.fields import PasswordField

NOT_REPEATED = _("The two entries differ. Type the same password in both fields.")


class OwnPasswordForm(forms.Form):
    password = PasswordField(
        _("New password"),
        purpose="new-password",
        missing=_("Choose a password."),
        help_text=password_rules.in_words(),
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
