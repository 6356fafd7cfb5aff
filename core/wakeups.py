"""Wake-ups: Celery messages that say "there is something to do".

The row says what, so a lost message costs only time: beat's sweeps find what is due.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# A broker that did not answer is left alone for a while, so that no page waits for it more than once.
PAUSE_SECONDS = 5.0
_quiet_until = 0.0


def after_commit(task: str, *args: str, queue: str = "") -> None:
    """Wake ``task`` once the current transaction has committed (at once outside of one)."""
    transaction.on_commit(partial(now, task, *args, queue=queue), robust=True)


def waiting(queue: str) -> int:
    """How many messages wait in ``queue``; none where the broker does not answer, or knows no such queue."""
    try:
        with current_app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            return int(channel.queue_declare(queue, passive=True).message_count)
    except (OperationalError, ChannelError, RedisError, OSError):
        return 0


def now(task: str, *args: str, queue: str = "") -> bool:
    """Wake ``task``. False when the broker does not answer, or did not within the last ``PAUSE_SECONDS``."""
    global _quiet_until  # noqa: PLW0603 - one broker, one process, one memory of its silence
    if time.monotonic() < _quiet_until:
        return False
    options: dict[str, Any] = {"queue": queue} if queue else {}
    try:
        current_app.send_task(task, args=args, retry=False, **options)
    except (OperationalError, RedisError, OSError):
        _quiet_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("The broker does not answer; %s waits for the next sweep.", task)
        return False
    return True
