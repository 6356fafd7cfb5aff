"""The audit trail: one function writes it, one checks it.

An event is written in the transaction of what it tells about, so that neither exists without the other. A trigger seals it
at commit: ``digest = SHA-256(previous digest ‖ material(event))``, one chain an organisation (see ``material``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Cast

from core.actor import Actor
from core.models import AuditEvent, AuditSeal, Outcome

GENESIS = bytes(32)
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


def material(event: AuditEvent, data_text: str) -> bytes:
    """The bytes that are sealed: each field as ``<length in bytes>:<UTF-8>``, in a fixed order; nothing is ``0:``.

    ``data_text`` is PostgreSQL's own text of the ``jsonb`` value, so that no second serialiser has to agree with it.
    """
    fields = (
        str(event.id),
        event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        event.actor_kind,
        str(event.actor_id or ""),
        event.actor_label,
        str(event.organization_id or ""),
        event.action,
        event.target_type,
        event.target_id,
        event.outcome,
        event.reason,
        data_text,
        event.ip or "",
        event.request_id,
    )
    encoded = (field.encode() for field in fields)
    return b"".join(b"%d:%s" % (len(field), field) for field in encoded)


@dataclass(frozen=True, slots=True)
class Verification:
    """What ``verify`` found: how many events hold, and a sentence for each that does not."""

    events: int
    chains: int
    faults: tuple[str, ...]


def verify() -> Verification:
    """Recompute every chain from its first event and report each change, removal, insertion or reordering."""
    faults: list[str] = []
    chain: UUID | None = None
    chains = events = 0
    position, digest = 0, GENESIS
    for seal in _seals():
        if seal.chain != chain:
            chain, position, digest = seal.chain, 0, GENESIS
            chains += 1
        position += 1
        events += 1
        if seal.position != position:
            faults.append(f"Chain {chain}: position {position} is missing before {seal.position}.")
            position = seal.position
        expected = hashlib.sha256(digest + material(seal.event, seal.data_text)).digest()
        if (seal.event.organization_id or AuditSeal.OPERATOR_CHAIN) != chain or expected != bytes(seal.digest):
            faults.append(f"Chain {chain}: event {seal.event_id} at position {position} does not match its seal.")
        digest = bytes(seal.digest)
    unsealed = AuditEvent.objects.filter(seal__isnull=True).count()
    if unsealed:
        faults.append(f"{unsealed} event(s) carry no seal.")
    return Verification(events=events, chains=chains, faults=tuple(faults))


def _seals() -> Iterator[Any]:
    seals = AuditSeal.objects.select_related("event").order_by("chain", "position")
    return seals.annotate(data_text=Cast("event__data", models.TextField())).iterator(chunk_size=1000)
