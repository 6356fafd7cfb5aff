from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import sentences_for
from accounts.models import AccessToken, Scope
from accounts.services import access_tokens
from core.forms import Described

DESCRIPTIONS = {
    Scope.FILES_SEND: _("Put files into packages that you may send, as you can in the browser."),
    Scope.FILES_FETCH: _("Fetch the files of packages that you may open. Each one is recorded as fetched by you."),
}
DAYS = _("Enter a number of days between 1 and 365.")


def _scopes() -> list[tuple[str, str]]:
    return [(scope.value, Described(str(scope.label), str(DESCRIPTIONS[scope]))) for scope in Scope]


class AccessTokenForm(forms.Form):
    """What a new access token is called, what it may do, and for how many days."""

    name = forms.CharField(
        label=_("Name"),
        max_length=AccessToken._meta.get_field("name").max_length,
        help_text=_("Which program or machine uses it, such as Build server in Wichita."),
        error_messages=sentences_for(_("Give it a name that says which program or machine uses it.")),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What the program may do"),
        choices=_scopes,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing that the program may do.")},
    )
    lifetime = forms.IntegerField(
        label=_("Days until it ends"),
        min_value=access_tokens.SHORTEST.days,
        max_value=access_tokens.LONGEST.days,
        initial=access_tokens.DEFAULT.days,
        help_text=_(
            "Between 1 and 365. A short life limits what a lost token can do; you can make the next one in time."
        ),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), DAYS),
    )

    @property
    def asked_lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["lifetime"])
