from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from transfers.storage import StoreError, store


class Command(BaseCommand):
    help = "Make the bucket S3_BUCKET at the object store where it is missing. May be run at every start."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            made = store().ensure_bucket()
        except StoreError as error:
            raise CommandError(f"The store at {settings.S3_ENDPOINT_URL} did not do it: {error}") from error
        self.stdout.write(f"Bucket {settings.S3_BUCKET} {'was made' if made else 'is there'}.")
