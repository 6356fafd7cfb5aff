"""Wake-ups of the byte engine: ids in, one call, may run twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings

from transfers.services import cleaning, finishing, pieces, pushing, sweeping
from transfers.services.staged import push_queue


@worker_ready.connect
def take_over(sender: Any, **_: Any) -> None:
    """A push worker goes on at once where a killed one stopped."""
    if push_queue(settings.NODE_NAME) in sender.app.amqp.queues.consume_from:
        pushing.take_over()


@shared_task
def push_part(part_id: str) -> None:
    """Runs on ``push.<node>`` of the node that has the part on its disk."""
    pushing.push_part(int(part_id))


@shared_task
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
def finish_upload(upload_id: str) -> None:
    finishing.finish_upload(UUID(upload_id))


@shared_task
def clean_up(upload_id: str) -> None:
    cleaning.clean_up(UUID(upload_id))


@shared_task
def sweep() -> None:
    sweeping.sweep()


@shared_task
def sweep_store() -> None:
    cleaning.remove_stray_multiparts()
    cleaning.remove_stray_objects()
