from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.factors import key_rotation
from core.actor import Actor
from core.secrets_at_rest import newest_key


class Command(BaseCommand):
    help = "Encrypt what must be read again with the first of FIELD_KEYS, so that older keys can be given up"

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        outcome = key_rotation.rotate(Actor.system("rotate_field_keys"))
        self.stdout.write(f"{outcome.rotated} encrypted again with the key {newest_key()!r}.")
        if outcome.unreadable:
            lost = ", ".join(f"{count} with {key_id!r}" for key_id, count in outcome.unreadable.items())
            raise CommandError(
                f"Not readable, because FIELD_KEYS lacks the key or has another one of its name: {lost}."
            )
        self.stdout.write("No other key is needed any more, once no page older than an hour is open.")
