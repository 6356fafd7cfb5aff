from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from core.actor import Actor
from transfers.services import maintenance

OPERATOR = Actor.system("manage.py maintenance")


class Command(BaseCommand):
    help = "Park all uploads while the gateway is maintained (on), or let them go on (off). Alone: say which it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("do", nargs="?", choices=["on", "off"])
        parser.add_argument("--message", default="", help="what senders are told")
        parser.add_argument("--minutes", type=int, help="how long it is expected to last")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["do"] == "on":
            maintenance.begin(OPERATOR, message=options["message"], until=_end(options["minutes"]))
        elif options["do"] == "off":
            maintenance.end(OPERATOR)
        current = maintenance.current()
        if current is None:
            self.stdout.write("Uploads are received.")
            return
        until = f", expected to end at {current.until:%Y-%m-%d %H:%M} UTC" if current.until else ""
        self.stdout.write(f"Uploads have been parked since {current.since:%Y-%m-%d %H:%M} UTC{until}.")


def _end(minutes: int | None) -> datetime | None:
    return timezone.now() + timedelta(minutes=minutes) if minutes else None
