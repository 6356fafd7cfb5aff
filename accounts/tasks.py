"""Tasks of this room: they may run twice."""

from __future__ import annotations

from celery import shared_task

from accounts.services import one_time_passwords


@shared_task
def expire_one_time_passwords() -> None:
    one_time_passwords.expire_due()
