"""Forms in which somebody chooses a password."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PasswordField
from accounts.services.password_policy import LONGEST

PASSWORD_RULE = _(
    "At least %(shortest)d characters, and up to %(longest)d. Several words in a row are easy to remember. Spaces and every "
    "letter or sign are welcome, none is required. Well-known passwords and your own name are refused."
) % {"shortest": settings.PASSWORD_MINIMUM_LENGTH, "longest": LONGEST}
NOT_REPEATED = _("The two entries differ. Type the same password in both fields.")


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
