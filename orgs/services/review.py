"""What the operator's staff do with a registration before they decide: take it on, ask the registrant, note something."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User, UserState
from core import audit, outbox, states
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import policies
from orgs.dates import in_words
from orgs.models import Registration, RegistrationNote, RegistrationQuestion
from orgs.services import deciders
from orgs.services.registrations.submission import status_link

NOT_WAITING = "This registration no longer waits for a decision. Look at it again to see how it stands."


def claim(actor: Actor, registration: Registration, *, force: bool = False) -> Registration:
    """Take it on; twice is as good as once. ``force`` takes it over from a colleague.

    Raises ``Conflict`` when a colleague has it, or when it no longer waits. Others may still decide it: a claim says who
    looks at it, and keeps nobody out.
    """
    with transaction.atomic():
        locked = _waiting(actor, registration)
        if locked.assigned_to_id == actor.user_id:
            return locked
        holder = _holder(locked)
        if holder and not force:
            raise Conflict(f"{holder.full_name} has claimed this. Take it over if it cannot wait for them.")
        _assign(locked, deciders.person(actor), timezone.now())
        audit.record(actor, "orgs.registration.claim", locked, data={"taken_from": holder.user_id} if holder else None)
    return locked


def release(actor: Actor, registration: Registration) -> Registration:
    """Give it back to whoever takes it next. Raises ``Conflict`` when it is not the actor's."""
    with transaction.atomic():
        locked = deciders.lock(registration)
        if locked.assigned_to_id is None or locked.assigned_to_id != actor.user_id:
            raise Conflict("You do not have this any more: it was released, or a colleague took it over.")
        _assign(locked, None, None)
        audit.record(actor, "orgs.registration.release", locked)
    return locked


def ask(actor: Actor, registration: Registration, *, question: str) -> RegistrationQuestion:
    """Ask the registrant by mail. Until they answer the registration waits for them, and nobody can approve it.

    Its due time is the registrant's meanwhile: ``REGISTRATION_ANSWER_LIFETIME`` from now, when it ends by itself. An approval
    that was the first of two is void: it was given to something else. Raises ``Invalid`` with ``fields["question"]``,
    ``NotAllowed``, and ``Conflict`` when it does not wait for the operator.
    """
    text = _text(question, field="question", missing="Write what you want to know, in a sentence.", limit=2000)
    with transaction.atomic():
        locked = deciders.lock(registration)
        deciders.standing(actor, locked).work.enforce()
        until = timezone.now() + settings.REGISTRATION_ANSWER_LIFETIME
        states.advance(
            locked,
            "request_information",
            actor=actor,
            due_at=until,
            expires_at=until,
            first_approved_by=None,
            first_approved_at=None,
        )
        asked = RegistrationQuestion.objects.create(registration=locked, asked_by=deciders.person(actor), text=text)
        outbox.enqueue(
            "orgs/mail/registration_question",
            to=locked.contact_email,
            context={
                "first_name": locked.contact_first_name,
                "company": locked.legal_name,
                "question": text,
                "until": in_words(until),
            },
            links={"status": status_link(locked)},
            language=locked.language,
            about=locked.id,
        )
    return asked


def add_note(actor: Actor, registration: Registration, *, text: str) -> RegistrationNote:
    """Write something for colleagues; the registrant never sees it, and the audit trail says only that it was written."""
    text = _text(text, field="text", missing="Write the note first.", limit=4000)
    with transaction.atomic():
        note = RegistrationNote.objects.create(registration=registration, author=deciders.person(actor), text=text)
        audit.record(actor, "orgs.registration.note", registration, data={"note": str(note.pk)})
    return note


def _waiting(actor: Actor, registration: Registration) -> Registration:
    locked = deciders.lock(registration)
    deciders.standing(actor, locked).work.enforce()
    if locked.state not in policies.UNDER_REVIEW:
        raise Conflict(NOT_WAITING)
    return locked


def _holder(registration: Registration) -> User | None:
    """Who has it, unless they no longer work for the operator."""
    holder = registration.assigned_to
    return holder if holder and holder.is_staff and holder.state == UserState.ACTIVE else None


def _assign(registration: Registration, user: User | None, at: datetime | None) -> None:
    registration.assigned_to, registration.assigned_at = user, at
    registration.save(update_fields=["assigned_to", "assigned_at"])


def _text(text: str, *, field: str, missing: str, limit: int) -> str:
    text = text.strip()
    if not text:
        raise Invalid(fields={field: missing})
    if len(text) > limit:
        raise Invalid(fields={field: f"This is {len(text)} characters long; {limit} fit. Shorten it."})
    return text
