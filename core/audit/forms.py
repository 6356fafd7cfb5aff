"""Looking for events: the form above every list of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.audit import words
from core.audit.trail import Asked
from core.errors import Invalid
from core.models import AuditSeal, Outcome

DAY = gettext_lazy("Enter a day as year-month-day, such as 2026-11-30.")
UNCLEAR = "One of the filters is not understood, so nothing was exported. Go back and correct it first."
OPERATOR = "operator"


class FilterForm(forms.Form):
    """What to look for. Everything may be left out; what is not understood is said beside its field and left out."""

    q = forms.CharField(
        required=False,
        strip=True,
        max_length=200,
        label=gettext_lazy("Person, address or number"),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    area = forms.ChoiceField(required=False, label=gettext_lazy("About"))
    outcome = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Outcome"),
        choices=[("", gettext_lazy("Any outcome")), *Outcome.choices],
    )
    since = forms.DateField(
        required=False,
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": DAY},
    )
    until = forms.DateField(
        required=False,
        label=gettext_lazy("To"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": DAY},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        area = self.fields["area"]
        assert isinstance(area, forms.ChoiceField)  # noqa: S101 - declared above
        area.choices = [("", _("Everything")), *((known.code, str(known.label)) for known in words.areas())]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day lies before the first. Exchange them."))
        return cleaned

    def asked(self) -> Asked:
        self.is_valid()
        values = self.cleaned_data
        return Asked(
            text=values.get("q", ""),
            area=values.get("area", ""),
            outcome=values.get("outcome", ""),
            since=_within_the_calendar(values.get("since")),
            until=_within_the_calendar(values.get("until")),
        )

    def asked_exactly(self) -> Asked:
        """The same for what leaves the gateway: a filter that is not understood would let out more than was meant. Raises
        ``Invalid``.
        """
        if not self.is_valid():
            raise Invalid(UNCLEAR)
        return self.asked()

    @property
    def query(self) -> str:
        """What is asked for as the part of an address behind the ``?``."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})


class StaffFilterForm(FilterForm):
    """The same over all organisations."""

    organization = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Organisation"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "ORG-… / operator"}),
    )
    field_order = ("q", "organization")

    def clean_organization(self) -> str:
        typed = str(self.cleaned_data["organization"]).strip()
        if typed and self._chain_of(typed) is None:
            raise forms.ValidationError(
                _("Enter an Organization ID, such as ORG-7KQM-2WXR, or “operator” for what belongs to no organisation.")
            )
        return typed

    @property
    def chain(self) -> UUID | None:
        """Whose events are asked for; None for everybody's."""
        self.is_valid()
        return self._chain_of(self.cleaned_data.get("organization", ""))

    def _chain_of(self, typed: str) -> UUID | None:
        if typed.casefold() == OPERATOR:
            return AuditSeal.OPERATOR_CHAIN
        meant = words.chains_meant(typed) if typed else set()
        return meant.pop() if len(meant) == 1 else None


def _within_the_calendar(day: date | None) -> date | None:
    """At either end of the calendar there are days that another zone's calendar does not hold."""
    return day if day and 2 <= day.year <= 9998 else None
