"""Wake-ups: Celery messages that say "there is something to do". The row says what, so a lost message costs only time."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def after_commit(task: str, *args: str, queue: str = "") -> None:
    """Wake ``task`` once the current transaction has committed (at once outside of one)."""
    transaction.on_commit(partial(now, task, *args, queue=queue), robust=True)


def now(task: str, *args: str, queue: str = "") -> bool:
    """Wake ``task``. False when the broker does not answer: beat's sweep will find the row."""
    options: dict[str, Any] = {"queue": queue} if queue else {}
    try:
        current_app.send_task(task, args=args, retry=False, **options)
    except (OperationalError, OSError):
        logger.warning("The broker does not answer; %s waits for the next sweep.", task)
        return False
    return True
