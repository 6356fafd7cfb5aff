"""Tables that people write in a spreadsheet: read as text from CSV in all its dialects, and written so that none computes."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from core.errors import Invalid

DELIMITERS = ",;\t|"
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n", "\0")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
NOT_TEXT = "This is not a text file. In your spreadsheet choose “Save as” and the type CSV (UTF-8)."


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` is the row as a spreadsheet counts, from 1; empty rows count too."""

    number: int
    cells: Sequence[str]


class Unreadable(Invalid):
    """The file as a whole cannot be read; the sentence says what to do."""


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 or UTF-32 by its byte order mark, else UTF-8, else Windows-1252.

    Raises ``Unreadable`` for workbooks and for whatever is no text.
    """
    if data.startswith(_WORKBOOKS):
        raise Unreadable(f"This is an Excel workbook. {NOT_TEXT.partition('. ')[2]}")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    if b"\0" in data:
        # Without a mark: every other byte of Western text is zero.
        if data[:200].count(0) < len(data[:200]) // 4:
            raise Unreadable(NOT_TEXT)
        return _strictly(data, "utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    try:
        return data.decode()
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252; in Latin-1 they are control characters, which the fields refuse.
        return data.decode("cp1252", errors="replace")


def rows(text: str) -> Iterator[Row]:
    """The rows that hold something. The delimiter is the one that the first row has most of.

    Raises ``Unreadable`` with the number of the row where a quotation mark is left open.
    """
    if "\0" in text:
        raise Unreadable(NOT_TEXT)
    text, delimiter = _dialect(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield Row(number, [cell.strip() for cell in cells])
    except csv.Error as error:
        raise Unreadable(
            f'Row {number + 1} cannot be read: a quotation mark (") is open, or stands in the middle of a cell. '
            "Double those that belong to the text."
        ) from error


def write(table: Iterable[Sequence[object]]) -> Iterator[str]:
    """CSV, line by line, with a byte order mark for Excel. A cell that a spreadsheet would compute gets an apostrophe."""
    yield "\ufeff"
    line = StringIO(newline="")
    # Where the list separator is a semicolon, one within a text would begin another cell.
    writer = csv.writer(line, quoting=csv.QUOTE_ALL)
    for cells in table:
        writer.writerow([_harmless(str(cell)) for cell in cells])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(NOT_TEXT) from error


def _dialect(text: str) -> tuple[str, str]:
    """The text without Excel's own line ``sep=;``, and the delimiter."""
    text = text.removeprefix("\ufeff")
    told = re.match(r"sep=(.)\s*?(?=[\r\n])", text, re.IGNORECASE)
    if told:
        return text[told.end() :], told.group(1)
    first = next((line for line in text.splitlines() if line.strip()), "")
    return text, max(DELIMITERS, key=first.count)
