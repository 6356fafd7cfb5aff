from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import audit


class Command(BaseCommand):
    help = "Check the hash chains of the audit trail: audit verify"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        result = audit.verify()
        for fault in result.faults:
            self.stderr.write(fault)
        if result.faults:
            raise CommandError(f"{len(result.faults)} fault(s) in {result.events} sealed event(s).")
        self.stdout.write(f"{result.events} event(s) in {result.chains} chain(s): all seals hold.")
