"""Many companies at once: an uploaded or pasted file, checked cell by cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.http import QueryDict

from orgs import invitation_files, spreadsheets
from orgs.forms.invitations import InvitationForm, TermsForm
from orgs.invitation_files import LABELS, MOST_BYTES, Fault, Sheet
from orgs.models import Application
from orgs.spreadsheets import Unreadable

# A longer text is not shown for correcting in the page; it is corrected in the spreadsheet that it came from.
EDITABLE = 200_000
YES = {"yes", "y", "true", "1", "x", "ja", "oui", "si", "sí"}
NO = {"no", "n", "false", "0", "nein", "non"}
_ERROR_VALUE = re.compile(r"#(?:N/A|NAME\?|REF!|VALUE!|DIV/0!|NULL!|NUM!|SPILL!)", re.IGNORECASE)
PLAIN = ("company_name", "email", "first_name", "last_name", "external_reference")


class CompaniesForm(TermsForm):
    """``faults`` are those of the rows; the cleaned ``records`` are what the service keeps."""

    file = forms.FileField(
        label="File",
        required=False,
        help_text="CSV, with commas, semicolons or tabs. The first row names the columns, in any order.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={"empty": "This file is empty. Choose another one."},
    )
    pasted = forms.CharField(
        label="Or paste the rows here",
        required=False,
        strip=False,
        help_text="Copied from a spreadsheet, with the row that names the columns.",
        widget=forms.Textarea(attrs={"rows": 8, "wrap": "off", "spellcheck": "false", "class": "is-table-text"}),
    )
    field_order = ("file", "pasted")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["applications"].required = False
        self.fields["applications"].help_text = "For rows that name none."
        self.fields["message"].help_text = "For rows that have none. Shown in the mail."
        self.fields["colleague_allowed"].help_text = "For rows that say nothing about it."
        self.faults: list[Fault] = []

    def clean_file(self) -> File[bytes] | None:
        file: File[bytes] | None = self.cleaned_data["file"]
        if file and (file.size or 0) > MOST_BYTES:
            raise ValidationError(f"This file is larger than {MOST_BYTES // 1024**2} MB. Split it.")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        file, pasted = cleaned.get("file"), cleaned.get("pasted", "")
        if file and pasted.strip():
            self.add_error("pasted", "Choose a file or paste rows, not both. Empty one of the two.")
            return cleaned
        if not file and not pasted.strip():
            self.add_error("file", "Choose a file, or paste the rows below.")
            return cleaned
        try:
            text = spreadsheets.decode(file.read()) if file else pasted
            self._check(invitation_files.read(text))
        except Unreadable as refusal:
            self.add_error("file" if file else "pasted", refusal.sentence)
        else:
            self._offer_text(text)
        return cleaned

    def _check(self, sheet: Sheet) -> None:
        checker = _RowChecker(self.cleaned_data)
        self.cleaned_data["records"] = [checker.record(row, cells) for row, cells in sheet.rows]
        self.faults = sorted([*sheet.faults, *checker.faults], key=lambda fault: fault.row)

    def _offer_text(self, text: str) -> None:
        """Show an uploaded file that has faults as text, so that it can be corrected in the page."""
        if self.faults and self.files and len(text) <= EDITABLE and isinstance(self.data, QueryDict):
            shown = self.data.copy()
            shown[self.add_prefix("pasted")] = text
            self.data = shown


class _RowChecker:
    """Checks rows one after the other with the fields of the form for one; remembers the addresses it has seen."""

    def __init__(self, terms: Mapping[str, Any]) -> None:
        self.faults: list[Fault] = []
        self._fields = InvitationForm.base_fields
        self._terms = terms
        self._seen: dict[str, int] = {}
        self._applications = {
            name.casefold(): str(application.pk)
            for application in Application.objects.all()
            for name in (application.name, application.code)
        }
        self._application_names = ", ".join(Application.objects.values_list("name", flat=True))
        self._languages = {word.casefold(): code for code, name in settings.LANGUAGES for word in (code, str(name))}

    def record(self, row: int, cells: Mapping[str, str]) -> dict[str, Any]:
        """What is kept of a row; where one of its cells is not right, ``faults`` grows."""
        record: dict[str, Any] = {"row": row}
        for name in PLAIN:
            record[name] = self._cell(row, name, cells.get(name, ""))
        message = self._cell(row, "message", cells.get("message", ""))
        record["message"] = message or self._terms.get("message", "")
        record["applications"] = self._chosen(row, cells.get("applications", ""))
        record["colleague_allowed"] = self._yes_or_no(row, cells.get("colleague_allowed", ""))
        record["language"] = self._language(row, cells.get("language", ""))
        self._refuse_twin(row, record["email"])
        return record

    def _cell(self, row: int, name: str, value: str) -> str:
        computed = ("=",) if name == "message" else ("=", "+", "-", "@")
        if value.startswith(computed):
            sentence = f"A spreadsheet would compute what begins with “{value[0]}”. Write it as plain text."
            self._fault(row, name, sentence, value)
        elif _ERROR_VALUE.fullmatch(value):
            self._fault(row, name, "This is an error of the spreadsheet, not a value. Correct it there.", value)
        elif "\ufffd" in value:
            self._fault(row, name, "Some letters could not be read. Save the file as CSV (UTF-8).", value)
        else:
            try:
                return str(self._fields[name].clean(value) or "")
            except ValidationError as refusal:
                self._fault(row, name, " ".join(refusal.messages), value)
        return ""

    def _chosen(self, row: int, value: str) -> list[str]:
        names = [name.strip() for name in re.split(r"[,;|\n]", value) if name.strip()]
        unknown = [name for name in names if name.casefold() not in self._applications]
        if unknown:
            sentence = f"There is no such application. On offer: {self._application_names}."
            self._fault(row, "applications", sentence, unknown[0])
            return []
        if not names and not self._terms.get("applications"):
            self._fault(row, "applications", "Name an application, or choose below those for rows that name none.", "")
        defaults = [str(application.pk) for application in self._terms.get("applications", [])]
        return list(dict.fromkeys(self._applications[name.casefold()] for name in names)) or defaults

    def _yes_or_no(self, row: int, value: str) -> bool:
        if value and value.casefold() not in YES | NO:
            self._fault(row, "colleague_allowed", "Write yes or no, or leave it empty.", value)
        return value.casefold() in YES if value else bool(self._terms.get("colleague_allowed"))

    def _language(self, row: int, value: str) -> str:
        if value and value.casefold() not in self._languages:
            self._fault(row, "language", f"Write one of: {', '.join(code for code, _ in settings.LANGUAGES)}.", value)
        default: str = self._terms.get("language") or settings.LANGUAGE_CODE
        return self._languages.get(value.casefold(), default)

    def _refuse_twin(self, row: int, email: str) -> None:
        first = self._seen.setdefault(email, row) if email else row
        if first != row:
            self._fault(row, "email", f"The same address is in row {first}. Keep one of the two.", email)

    def _fault(self, row: int, name: str, sentence: str, value: str) -> None:
        self.faults.append(Fault(row, LABELS[name], sentence, value[:80]))
