"""What people accept: the system-use notice before they sign in, and the terms of the gateway."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Notice, NoticeAcceptance, User
from core import audit
from core.actor import Actor


def accept(actor: Actor, *, user: User, notice: Notice) -> None:
    """Record that ``user`` accepted this version; once, however often it is said."""
    with transaction.atomic():
        _, is_new = NoticeAcceptance.objects.get_or_create(notice=notice, user=user, defaults={"ip": actor.ip})
        if is_new:
            audit.record(actor, "accounts.notice.accept", user, data={"notice": notice.kind, "version": notice.version})
