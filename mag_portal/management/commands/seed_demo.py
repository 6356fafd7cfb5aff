from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from mag_portal import demonstration

PLACE = Path(settings.DATA_DIR) / "demo.json"


class Command(BaseCommand):
    help = "Make the demonstration companies in an empty gateway; what is needed to sign in goes to DATA_DIR/demo.json"

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if settings.PRODUCTION:
            raise CommandError("Demonstration data has accounts whose password is written down: never in production.")
        if User.objects.exists():
            self.stdout.write("There are people in this gateway already: no demonstration data was made.")
            return
        made = demonstration.seed()
        with open(os.open(PLACE, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode
            json.dump(made.as_json(), file, indent=2)
        self.stdout.write(f"{len(made.accounts)} accounts and an invitation: {PLACE}")
