"""Forms in which somebody who is signed in proves that it is still them."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PasswordField


class ConfirmByPasswordForm(forms.Form):
    password = PasswordField(_("Password"), purpose="current-password", missing=_("Enter your password."))
