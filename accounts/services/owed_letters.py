"""Mails that are owed for an event of the audit trail.

What a stranger asks for is answered by mail, and only to those it concerns. The page that was asked writes the same for
everybody, one event; a worker writes what the event calls for, so that the page takes as long for a name nobody has.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import assistance, locks
from accounts.services.limits import SIGN_IN
from core.models import AuditEvent, Mail

# How long after an event a mail about it still helps.
OWED_FOR = timedelta(hours=6)
WRITERS: dict[str, Callable[[User, AuditEvent], None]] = {
    locks.LOCKED: locks.tell,
    assistance.LOST: assistance.answer_lost,
    assistance.WHO: assistance.answer_who,
}


def write() -> int:
    """Write every mail that is owed and not written yet; returns for how many events there was one to write."""
    return sum(_write(event) for event in _owing())


def _write(event: AuditEvent) -> bool:
    with transaction.atomic():
        # Of two workers at once, the second finds it written.
        user = User.objects.select_for_update().get(pk=event.target_id)
        if not _owing().filter(pk=event.pk).exists():
            return False
        WRITERS[event.action](user, event)
    return True


def _owing() -> QuerySet[AuditEvent]:
    written = Mail.objects.filter(about=OuterRef("pk"))
    recent = AuditEvent.objects.filter(
        at__gte=timezone.now() - OWED_FOR, action__in=WRITERS, target_type=User._meta.label
    )
    # Of the waits that grow on at one address, the first is worth a mail.
    repeated = Q(action=locks.LOCKED, data__tries__gt=SIGN_IN.here.free)
    return recent.filter(~Exists(written)).exclude(repeated).order_by("at")
