from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transfers import queries
from transfers.storage import Standing, StoreError, bucket_rules, store


class Command(BaseCommand):
    help = (
        "Set the rules that the gateway needs at every bucket it uses: when parts that never became a file go, and that "
        "browsers may send parts (where S3_PUBLIC_ENDPOINT_URL is set). Other rules there stay. May be run at every start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only look; fails where something is not as wanted")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:  # noqa: ARG002
        differing = 0
        for bucket in queries.buckets_in_use():
            try:
                findings = store(bucket).configure(bucket_rules(), only_look=check)
            except StoreError as error:
                raise CommandError(
                    f"The store at {settings.S3_ENDPOINT_URL} did not do it for bucket {bucket}: {error}"
                ) from error
            for finding in findings:
                self.stdout.write(f"{bucket}: {finding.rule}: {finding.standing}.")
            differing += sum(finding.standing is Standing.DIFFERS for finding in findings)
        if differing:
            raise CommandError(f"{differing} rule(s) are not as wanted. docs/operations.md says what to do.")
