"""What the operator's staff do with a registration before they decide: take it on, ask the registrant, note something."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, states, texts
from core.actor import Actor
from core.errors import Conflict
from orgs import policies
from orgs.dates import in_words
from orgs.models import Registration, RegistrationNote, RegistrationQuestion
from orgs.services import claims, deciders, locks
from orgs.services.registrations import letters

QUESTION_LENGTH, NOTE_LENGTH = 2000, 4000
NOT_WAITING = "This registration no longer waits for a decision. Look at it again to see how it stands."


def claim(actor: Actor, registration: Registration, *, force: bool = False) -> Registration:
    """Take it on; twice is as good as once. ``force`` takes it over from a colleague.

    Raises ``NotAllowed``, and ``Conflict`` when a colleague has it, or when it no longer waits.
    """
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        deciders.standing(actor, locked).work.enforce()
        if locked.state not in policies.UNDER_REVIEW:
            raise Conflict(NOT_WAITING)
        claims.take(actor, locked, force=force)
    return locked


def release(actor: Actor, registration: Registration) -> Registration:
    """Give it back to whoever takes it next. Raises ``Conflict`` when it is not the actor's."""
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        claims.give_back(actor, locked)
    return locked


def ask(actor: Actor, registration: Registration, *, question: str) -> RegistrationQuestion:
    """Ask the registrant by mail. Until they answer the registration waits for them, and nobody can approve it.

    Its due time is the registrant's meanwhile: ``REGISTRATION_ANSWER_LIFETIME`` from now, when it ends by itself. An approval
    that was the first of two is void: it was given to something else. Raises ``Invalid`` with ``fields["question"]``,
    ``NotAllowed``, and ``Conflict`` when it does not wait for the operator.
    """
    text = texts.required(
        question, field="question", missing="Write what you want to know, in a sentence.", longest=QUESTION_LENGTH
    )
    with transaction.atomic():
        locked = locks.registration(registration.pk)
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
        letters.to_registrant("orgs/mail/registration_question", locked, question=text, until=in_words(until))
    return asked


def add_note(actor: Actor, registration: Registration, *, text: str) -> RegistrationNote:
    """Write something for colleagues; the registrant never sees it, and the audit trail says only that it was written."""
    text = texts.required(text, field="text", missing="Write the note first.", longest=NOTE_LENGTH)
    with transaction.atomic():
        note = RegistrationNote.objects.create(registration=registration, author=deciders.person(actor), text=text)
        audit.record(actor, "orgs.registration.note", registration, data={"note": str(note.pk)})
    return note
