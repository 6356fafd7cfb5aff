from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import states

PAGE = Path(settings.BASE_DIR) / "docs" / "states.md"
HEAD = """# States

Generated from the transition tables by `manage.py states_doc`; the lint run fails when this page is not current.
Only `core.states.advance` writes a state: one `UPDATE` filtered by the state the object was read in, with its audit event in
the same transaction.
"""


class Command(BaseCommand):
    help = "Write docs/states.md from the transition tables, or check that it is current"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is not current")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        text = page()
        if not options["check"]:
            PAGE.write_text(text)
        elif not PAGE.exists() or PAGE.read_text() != text:
            raise CommandError("docs/states.md is not current: run `make manage ARGS=states_doc` and commit it.")


def page() -> str:
    """The whole page, one section an object, in alphabetical order."""
    ordered = sorted(states.machines(), key=lambda machine: machine.model.__name__)
    return "\n".join([HEAD, *(_section(machine) for machine in ordered)])


def _section(machine: states.Machine) -> str:
    labels = states.labels(machine.model)
    shown = " · ".join(f"`{value}` ({label})" for value, label in labels.items())
    rows = "\n".join(
        f"| `{move.action}` | {', '.join(f'`{source}`' for source in move.sources)} | `{move.target}` |"
        for move in machine.transitions
    )
    note = "" if machine.audited else "\nThe row itself is the record: these moves write no audit event.\n"
    title = f"## {machine.model.__name__} (`{machine.model._meta.app_label}`)"
    return f"{title}\n\n{shown}\n{note}\n| action | from | to |\n|---|---|---|\n{rows}\n"
