"""Fields and sentences that the forms of people share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.password_policy import LONGEST

# Names are typed as they are: no capital at the start, no correction.
AS_TYPED = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
TOO_LONG = _("Use at most %(limit_value)d characters; these are %(show_value)d.")


def sentences_for(missing: Any) -> dict[str, Any]:
    """What a field says when it is empty or too long."""
    return {"required": missing, "max_length": TOO_LONG}


class ReadableSecretInput(forms.TextInput):
    """A secret that is typed off a note or the telephone: readable while it is typed, and never sent back in a page."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # noqa: ARG002 - Django's signature
        return super().get_context(name, None, attrs)


class PasswordField(forms.CharField):
    """A password as it was typed: outer spaces belong to it."""

    def __init__(self, label: Any, *, purpose: str, missing: Any, help_text: Any = "", autofocus: bool = False) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": purpose, "autofocus": autofocus, **AS_TYPED})
        super().__init__(
            label=label,
            help_text=help_text,
            strip=False,
            max_length=LONGEST,
            widget=widget,
            error_messages=sentences_for(missing),
        )
