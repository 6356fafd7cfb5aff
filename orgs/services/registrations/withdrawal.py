"""Withdrawing a registration that waits for the operator."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core import outbox, states
from core.actor import Actor
from orgs.models import Registration
from orgs.services import claims, locks, matching
from orgs.services.registrations import letters


def withdraw(actor: Actor, registration: Registration, *, reason: str = "") -> Registration:
    """Take it back: nobody decides on it any more, and the invitation behind it may be used again.

    The One-Time Passwords of those it names are wiped. The registrant is told by mail, and so is whoever of the operator's
    staff has it on their desk. Raises ``Conflict`` when it was decided meanwhile.
    """
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        states.advance(locked, "withdraw", actor=actor, reason=reason.strip(), decided_at=timezone.now())
        locked.administrators.update(one_time_password_hash="")
        matching.forget(locked)
        links = {"status": letters.link(locked), "register": outbox.Link("orgs:register")}
        letters.to_registrant("orgs/mail/registration_withdrawn", locked, links=links)
        assignee = claims.holder(locked)
        letters.to_staff(
            "orgs/mail/registration_withdrawn_staff",
            locked,
            staff=[assignee] if assignee else [],
            reason=reason.strip(),
        )
    return locked
