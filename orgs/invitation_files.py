"""Files of companies to invite: their columns, and how their rows become records or faults by row and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import Invalid
from orgs import spreadsheets
from orgs.spreadsheets import Row, Unreadable

MOST_ROWS = 10_000
MOST_BYTES = 5 * 1024**2


@dataclass(frozen=True, slots=True)
class Column:
    """``field`` of an invitation, as the heading ``label`` or any of ``others`` (in lower case, without signs)."""

    field: str
    label: str
    about: str
    others: tuple[str, ...] = ()
    required: bool = False


COLUMNS = (
    Column("company_name", "Company", "its name", ("company name", "organisation", "organization", "supplier"),
           required=True),
    Column("email", "E-mail", "the address that the invitation goes to", ("email", "email address", "e mail address"),
           required=True),
    Column("first_name", "First name", "of the person", ("firstname", "given name")),
    Column("last_name", "Last name", "of the person", ("lastname", "surname", "family name")),
    Column("external_reference", "Reference", "what you call the company, such as its supplier number",
           ("your reference", "external reference", "supplier number", "supplier no", "vendor number")),
    Column("applications", "Applications", "names, with a comma between them; empty: those chosen below", ("application",)),
    Column("message", "Message", "shown in the mail; empty: the one below"),
    Column("colleague_allowed", "Colleague", "yes where a colleague may register instead; empty: as chosen below",
           ("colleague allowed", "colleague may register instead")),
    Column("language", "Language", "of the mail, such as en; empty: as chosen below"),
)  # fmt: skip
LABELS = {column.field: column.label for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell. ``column`` is empty where the whole row is meant."""

    row: int
    column: str
    sentence: str
    value: str = ""


class FaultyRows(Invalid):
    """Some rows cannot be invited; nothing was done."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        count = len(self.faults)
        super().__init__(f"{count:,} cell{' needs' if count == 1 else 's need'} another look. Nothing was sent.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file as text by field name, and the faults of its form."""

    rows: Sequence[tuple[int, Mapping[str, str]]]
    faults: Sequence[Fault]


def read(text: str) -> Sheet:
    """Find the columns by the headings in the first row, in any order. Raises ``Unreadable`` for the file as a whole."""
    found = list(_limited(spreadsheets.rows(text)))
    if not found:
        raise Unreadable(
            "There is nothing in it. The first row names the columns; each row below is a company to invite."
        )
    header, body = found[0], found[1:]
    fields = _fields(header)
    if not body:
        raise Unreadable("There are headings only. Add a row for each company to invite.")
    faults: list[Fault] = []
    rows = [(row.number, _by_field(row, fields, faults)) for row in body]
    return Sheet(rows, faults)


def _limited(rows: Iterable[Row]) -> list[Row]:
    kept = []
    count = -1  # the headings are no company
    for count, row in enumerate(rows):
        if count <= MOST_ROWS:
            kept.append(row)
    if count > MOST_ROWS:
        raise Unreadable(
            f"There are {count:,} companies in it, and {MOST_ROWS:,} can be invited at once. Split the file."
        )
    return kept


def _fields(header: Row) -> list[str]:
    """The field of each column. Raises ``Unreadable`` where a heading is unknown, doubled or missing."""
    names = {_plain(name): column.field for column in COLUMNS for name in (column.label, *column.others)}
    headings = [cell for cell in header.cells if cell]
    unknown = [heading for heading in headings if _plain(heading) not in names]
    known = ", ".join(column.label for column in COLUMNS)
    if len(unknown) == len(headings):
        raise Unreadable(f"The first row has to name the columns: {known}. Company and E-mail are needed.")
    if unknown:
        listed = ", ".join(f"“{heading[:40]}”" for heading in unknown[:5])
        raise Unreadable(f"There is no column {listed}. Rename or remove it. The columns are: {known}.")
    fields = [names.get(_plain(cell), "") for cell in header.cells]
    for column in COLUMNS:
        if fields.count(column.field) > 1:
            raise Unreadable(f"The column {column.label} is there twice. Remove one of them.")
        if column.required and column.field not in fields:
            raise Unreadable(f"The column {column.label} is missing. Add it, with a value in each row.")
    return fields


def _by_field(row: Row, fields: Sequence[str], faults: list[Fault]) -> dict[str, str]:
    beyond = [
        cell for cell, field in zip(row.cells, [*fields, *[""] * len(row.cells)], strict=False) if cell and not field
    ]
    if beyond:
        sentence = "There is something outside the named columns. Put a text that has a comma into quotation marks."
        faults.append(Fault(row.number, "", sentence, beyond[0][:80]))
    return {field: cell for field, cell in zip(fields, row.cells, strict=False) if field}


def _plain(heading: str) -> str:
    return " ".join(re.findall(r"\w+", heading.casefold().replace("_", " ")))
