"""Withdrawing a registration that waits for the operator."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import UserState
from core import outbox, states
from core.actor import Actor
from orgs.models import Registration
from orgs.services import matching
from orgs.services.registrations.submission import status_link


def withdraw(actor: Actor, registration: Registration, *, reason: str = "") -> Registration:
    """Take it back: nobody decides on it any more, and the invitation behind it may be used again.

    The One-Time Passwords of those it names are wiped. The registrant is told by mail, and so is whoever of the operator's
    staff has it on their desk. Raises ``Conflict`` when it was decided meanwhile.
    """
    with transaction.atomic():
        rows = Registration.objects.select_for_update(no_key=True, of=("self",)).select_related("assigned_to")
        locked = rows.get(pk=registration.pk)
        states.advance(locked, "withdraw", actor=actor, reason=reason.strip(), decided_at=timezone.now())
        locked.administrators.update(one_time_password_hash="")
        matching.forget(locked)
        _tell_registrant(locked)
        _tell_assignee(locked, reason.strip())
    return locked


def _tell_registrant(registration: Registration) -> None:
    outbox.enqueue(
        "orgs/mail/registration_withdrawn",
        to=registration.contact_email,
        language=registration.language,
        context={"first_name": registration.contact_first_name, "company": registration.legal_name},
        links={"status": status_link(registration), "register": outbox.Link("orgs:register")},
        about=registration.id,
    )


def _tell_assignee(registration: Registration, reason: str) -> None:
    assignee = registration.assigned_to
    if assignee is None or assignee.state != UserState.ACTIVE:
        return
    outbox.enqueue(
        "orgs/mail/registration_withdrawn_staff",
        to=assignee.email,
        language=assignee.language,
        context={
            "first_name": assignee.first_name,
            "company": registration.legal_name,
            "contact": registration.contact_name,
            "reason": reason,
        },
        links={"detail": outbox.Link("admin:orgs_registration_change", kwargs={"object_id": str(registration.pk)})},
        about=registration.id,
    )
