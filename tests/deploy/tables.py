"""Reads the tables of docs/operations.md."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()


def table(section: str, first_column: str) -> list[dict[str, str]]:
    """The rows below ``section`` of the table whose first column has this heading."""
    text = OPERATIONS.split(f"\n{section}\n", 1)[1].split("\n## ", 1)[0]
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    heading = _cells(lines[start])
    rows: list[dict[str, str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(heading, _cells(line), strict=True)))
    return rows


def column(section: str, name: str) -> list[str]:
    """One column of the section's table that has it."""
    first_columns = re.findall(r"^\| ([^|]+?) \|.*\n\|---", OPERATIONS.split(f"\n{section}\n", 1)[1], re.MULTILINE)
    for first in first_columns:
        rows = table(section, first)
        if name in rows[0]:
            return [row[name] for row in rows]
    raise AssertionError(f"{section} has no table with the column {name}")


def names(cells: list[str]) -> set[str]:
    """Everything set in code within these cells."""
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def listed(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
