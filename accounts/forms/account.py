"""Forms of My Account."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import AS_TYPED, sentences_for
from accounts.models import User
from accounts.notifications import Kind
from core.forms import Described

# Of the older names of time zones, which the database keeps beside these, nobody needs to choose one.
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=32,
        error_messages=sentences_for(""),
        help_text=_("With the country’s code, such as +1 703 555 0100. Leave it empty to remove it."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class NewEmailForm(forms.Form):
    new_email = forms.EmailField(
        label=_("New e-mail address"),
        max_length=254,
        error_messages={
            **sentences_for(_("Enter the new address.")),
            "invalid": _("This is no e-mail address. Enter one such as name@example.com."),
        },
        help_text=_("We send a link there. Your present address counts until you open it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", **AS_TYPED}),
    )


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"))
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("The clock by which the gateway tells you times, on its pages and in its mails."),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, initial={"language": user.language, "time_zone": user.time_zone})
        fields: dict[str, Any] = self.fields
        fields["time_zone"].choices = time_zones(present=user.time_zone)
        fields["language"].choices = settings.LANGUAGES
        if len(settings.LANGUAGES) == 1:
            del fields["language"]


class NotificationsForm(forms.Form):
    wanted = forms.MultipleChoiceField(
        label=_("Send me a mail about"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, user: User, kinds: list[Kind]) -> None:
        chosen = [kind.code for kind in kinds if kind.code not in user.muted_notices]
        super().__init__(data, initial={"wanted": chosen})
        wanted: Any = self.fields["wanted"]
        wanted.choices = [(kind.code, Described(str(kind.label), str(kind.description))) for kind in kinds]


def time_zones(*, present: str) -> list[tuple[str, Any]]:
    """Choices for a time zone by region, ``UTC`` first; ``present`` is among them whatever it is."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    others = {"UTC"} if present in names else {"UTC", present}
    regions = [
        (region, [(name, name.replace("_", " ")) for name in inside])
        for region, inside in groupby(names, key=lambda name: name.partition("/")[0])
    ]
    return [*((name, name) for name in sorted(others)), *regions]
