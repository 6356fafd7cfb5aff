"""The operator's days off."""

from __future__ import annotations

import re
from datetime import date

from django import forms

from orgs import validators
from orgs.forms.fields import TOO_LONG
from orgs.models import Holiday

LONGEST = 20_000
NAME_LENGTH = 80
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})[\s,;]+(\S.*)")


class HolidayForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Holiday
        fields = ("day", "name")
        error_messages = {
            "day": {
                "required": "Enter the day, such as 2026-12-25.",
                "invalid": "This is no day. Enter it as 2026-12-25.",
                "unique": "This day is in the list already.",
            },
            "name": {"required": "Enter what is celebrated.", "max_length": TOO_LONG},
        }

    def clean_name(self) -> str:
        return validators.one_line(self.cleaned_data["name"])


class HolidaysForm(forms.Form):
    """Many at once, one a line."""

    lines = forms.CharField(
        label="Days",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 12, "placeholder": "2026-12-25 Christmas Day\n2026-12-28 Boxing Day"}),
        help_text="One a line: the day as YYYY-MM-DD, a space, and its name.",
        error_messages={"required": "Paste one line for each day.", "max_length": TOO_LONG},
    )

    def clean_lines(self) -> list[tuple[date, str]]:
        lines = self.cleaned_data["lines"].splitlines()
        found: dict[date, str] = {}
        wrong = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                day, name = _read(line)
            except ValueError as fault:
                wrong.append(f"Line {number}: {fault}")
                continue
            if day in found:
                wrong.append(f"Line {number}: {day} stands there twice.")
            found[day] = name
        if wrong:
            raise forms.ValidationError(wrong[:20])
        return list(found.items())


def _read(line: str) -> tuple[date, str]:
    """The day and the name on a line. Raises ``ValueError`` with a sentence for people."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError("write the day as YYYY-MM-DD, a space, and its name.")
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        raise ValueError(f"{match[1]} is no day of the calendar.") from None
    name = validators.one_line(match[2])
    if len(name) > NAME_LENGTH:
        raise ValueError(f"the name has {len(name)} characters; {NAME_LENGTH} fit.")
    return day, name
