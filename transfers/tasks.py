"""Wake-ups of the byte engine: ids in, one call, may run twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings

from core.errors import Conflict
from transfers.services import cleaning, finishing, pieces, pushing, receipt_logs, receipts, sweeping
from transfers.services.staged import push_queue

logger = logging.getLogger(__name__)
P = ParamSpec("P")


def overtaken(task: Callable[P, None]) -> Callable[P, None]:
    """A row that somebody moved on meanwhile is no failure of the task: there is nothing left for it to do."""

    @wraps(task)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            task(*args, **kwargs)
        except Conflict as refusal:
            logger.info("%s%s was overtaken: %s", task.__name__, args, refusal)

    return quiet


@worker_ready.connect
def take_over(sender: Any, **_: Any) -> None:
    """A push worker shows itself, and goes on at once where a killed one stopped."""
    if push_queue(settings.NODE_NAME) in sender.app.amqp.queues.consume_from:
        sweeping.answer()
        pushing.take_over()


@shared_task
@overtaken
def push_part(part_id: str) -> None:
    """Runs on ``push.<node>`` of the node that has the part on its disk."""
    pushing.push_part(int(part_id))


@shared_task
@overtaken
def join_part(upload_id: str, number: str) -> None:
    """Runs on ``push.<node>`` of the part's home."""
    pieces.join(UUID(upload_id), int(number))


@shared_task
def clear_staging(upload_id: str) -> None:
    """Runs on ``push.<node>``."""
    cleaning.clear_staging(UUID(upload_id))


@shared_task
def tidy_node() -> None:
    """Runs on ``push.<node>``."""
    sweeping.answer()


@shared_task
@overtaken
def finish_upload(upload_id: str) -> None:
    finishing.finish_upload(UUID(upload_id))


@shared_task
@overtaken
def clean_up(upload_id: str) -> None:
    cleaning.clean_up(UUID(upload_id))


@shared_task
def sweep() -> None:
    sweeping.sweep()


@shared_task
def read_receipts() -> None:
    """Runs where nginx's folder of receipts is mounted (``housekeeping``)."""
    receipt_logs.read()


@shared_task
def sweep_store() -> None:
    receipts.forget()
    cleaning.remove_stray_multiparts()
    cleaning.remove_stray_objects()
