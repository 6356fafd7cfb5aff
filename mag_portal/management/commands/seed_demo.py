from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from mag_portal import demonstration
from mag_portal.demonstration import Account

PLACE = Path(settings.DATA_DIR) / "demo.json"


class Command(BaseCommand):
    help = "Make the demonstration companies in an empty gateway; what is needed to sign in goes to DATA_DIR/demo.json"

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if settings.PRODUCTION:
            raise CommandError("Demonstration data has accounts whose password is written down: never in production.")
        if User.objects.exists():
            _renew_tokens()
            self.stdout.write("There are people in this gateway already: no demonstration data was made.")
            return
        made = demonstration.seed()
        _write(made.as_json())
        self.stdout.write(f"{len(made.accounts)} accounts and an invitation: {PLACE}")


def _renew_tokens() -> None:
    """Put another access token into the file for each that has ended, or that nobody wrote down."""
    if not PLACE.exists():
        return
    known = json.loads(PLACE.read_text())
    accounts = demonstration.with_tokens([Account(**account) for account in known["accounts"]])
    renewed = {**known, "accounts": [asdict(account) for account in accounts]}
    if renewed != known:
        _write(renewed)


def _write(content: dict[str, object]) -> None:
    with open(os.open(PLACE, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode
        json.dump(content, file, indent=2)
