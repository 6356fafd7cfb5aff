"""Checks of the audit trail that are kept: asked for by staff or by the clock, run by a worker."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core import wakeups
from core.actor import Actor
from core.audit.seals import verify
from core.audit.writing import record
from core.models import AuditCheck

logger = logging.getLogger(__name__)

CLOCK = Actor.system("audit check")
TASK = "core.tasks.check_audit_trail"
# A trail with more is broken as a whole; the command names all of them.
KEPT_FAULTS = 100


def ask(actor: Actor) -> AuditCheck:
    """Have all seals recomputed; one that waits already is enough."""
    with transaction.atomic():
        check = _waiting() or AuditCheck.objects.create(asked_by=actor.label)
        record(actor, "core.audit.check", data={"check": str(check.pk)})
        wakeups.after_commit(TASK, str(check.pk))
    return check


def by_the_clock() -> UUID:
    """The check that waits, or a new one."""
    return (_waiting() or AuditCheck.objects.create(asked_by=CLOCK.label)).pk


def run(check_id: UUID) -> None:
    """Do a check that nobody has begun; faults go to the log too, where alarms are rung from."""
    if not AuditCheck.objects.filter(pk=check_id, started_at__isnull=True).update(started_at=timezone.now()):
        return
    result = verify()
    AuditCheck.objects.filter(pk=check_id).update(
        finished_at=timezone.now(),
        events=result.events,
        chains=result.chains,
        fault_count=len(result.faults),
        faults=list(result.faults[:KEPT_FAULTS]),
    )
    for fault in result.faults[:KEPT_FAULTS]:
        logger.critical("The audit trail was tampered with. %s", fault)


def latest() -> AuditCheck | None:
    """The last one that is finished."""
    return AuditCheck.objects.filter(finished_at__isnull=False).first()


def faults_of_latest() -> int:
    check = latest()
    return check.fault_count if check else 0


def _waiting() -> AuditCheck | None:
    return AuditCheck.objects.filter(started_at__isnull=True).first()
