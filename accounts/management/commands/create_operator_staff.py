from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.services import one_time_passwords, people
from core.actor import Actor
from core.errors import Invalid


class Command(BaseCommand):
    help = "Create an account of the operator's staff and print its User ID and One-Time Password, once"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("first_name")
        parser.add_argument("last_name")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        actor = Actor.system("create_operator_staff")
        secret = one_time_passwords.generate()
        try:
            with transaction.atomic():
                user = people.create_staff(
                    actor,
                    first_name=options["first_name"],
                    last_name=options["last_name"],
                    email=options["email"],
                )
                issued = one_time_passwords.issue(actor, user=user, secret_hash=one_time_passwords.hash_of(secret))
        except Invalid as refusal:
            raise CommandError(refusal.summary) from refusal
        self.stdout.write(f"User ID:           {user.user_id}")
        self.stdout.write(f"One-Time Password: {secret}")
        self.stdout.write(
            f"Good until {issued.expires_at:%Y-%m-%d %H:%M} UTC, for First-Time Login. It is not shown again."
        )
