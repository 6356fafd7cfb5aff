"""The seals of events: what is sealed, and whether every seal still holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.functions import Cast

from core.models import AuditEvent, AuditSeal

GENESIS = bytes(32)
CHUNK = 1000
# The order in which the fields of an event are sealed, and the columns of an export.
FIELDS = (
    "id", "at", "actor_kind", "actor_id", "actor_label", "organization_id", "action", "target_type", "target_id", "outcome",
    "reason", "data", "ip", "request_id",
)  # fmt: skip


def texts(event: AuditEvent, data_text: str) -> tuple[str, ...]:
    """The fields of ``event`` as they are sealed, in the order of ``FIELDS``; nothing is an empty text.

    ``data_text`` is PostgreSQL's own text of the ``jsonb`` value, so that no second serialiser has to agree with it.
    """
    return (
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


def material(event: AuditEvent, data_text: str) -> bytes:
    """The bytes that are sealed: each field as ``<length in bytes>:<UTF-8>``."""
    encoded = (field.encode() for field in texts(event, data_text))
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
    return with_data_text(seals).iterator(chunk_size=CHUNK)


def with_data_text(seals: models.QuerySet[AuditSeal]) -> models.QuerySet[Any]:
    """``seals``, each with ``data_text`` as ``texts`` takes it."""
    return seals.annotate(data_text=Cast("event__data", models.TextField()))
