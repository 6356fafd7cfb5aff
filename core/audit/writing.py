"""Writing events: in the transaction of what they tell about, so that neither exists without the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection, models

from core.actor import Actor
from core.models import AuditEvent, Outcome

BATCH = 1000


def record(
    actor: Actor,
    action: str,
    target: models.Model | None = None,
    *,
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    organization_id: UUID | None = None,
) -> AuditEvent:
    """Write one event. ``action`` reads ``room.object.verb``; ``data`` is JSON and never holds a secret.

    The event belongs to ``organization_id``, else to the organisation the actor acts for. Raises ``RuntimeError`` outside a
    transaction: an event that could outlive what it describes would be a lie.
    """
    event = _event(actor, action, target, outcome=outcome, reason=reason, data=data, organization_id=organization_id)
    event.save(force_insert=True)
    return event


def record_many(
    actor: Actor,
    action: str,
    targets: Iterable[tuple[models.Model, Mapping[str, Any], UUID | None]],
    *,
    reason: str = "",
) -> None:
    """One event for each of ``targets``: the object, its data, and the organisation whose chain tells of it."""
    AuditEvent.objects.bulk_create(
        (
            _event(actor, action, target, reason=reason, data=data, organization_id=chain)
            for target, data, chain in targets
        ),
        batch_size=BATCH,
    )


def _event(
    actor: Actor,
    action: str,
    target: models.Model | None,
    *,
    outcome: Outcome = Outcome.DONE,
    reason: str,
    data: Mapping[str, Any] | None,
    organization_id: UUID | None,
) -> AuditEvent:
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record belongs inside the transaction of what it records.")
    return AuditEvent(
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label[:120],
        organization_id=organization_id or actor.organization_id,
        action=action,
        target_type=target._meta.label if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        outcome=outcome,
        reason=reason,
        data=dict(data or {}),
        ip=actor.ip,
        request_id=actor.request_id,
    )
