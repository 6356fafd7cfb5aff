"""Tasks of the ground floor: ids in, one call, may run twice."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.core.management import call_command

from core import outbox, tokens
from core.audit import checks


@shared_task
def send_mail(mail_id: str) -> None:
    outbox.send(UUID(mail_id))


@shared_task
def sweep_outbox() -> None:
    outbox.sweep()


@shared_task
def sweep_ended() -> None:
    """Delete what has ended and tells nothing any more: tokens, captcha challenges. Sessions have a sweep of their own."""
    tokens.purge(ended_before=timedelta(days=90))
    call_command("captcha_clean", verbosity=0)


@shared_task
def check_audit_trail(check_id: str = "") -> None:
    """Recompute all seals, as staff asked for, or as the clock does once a day."""
    checks.run(UUID(check_id) if check_id else checks.by_the_clock())
