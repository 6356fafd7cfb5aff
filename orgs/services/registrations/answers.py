"""The registrant's answer to the operator's question, and the corrections that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User, UserState
from core import audit, outbox, states
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import business_days, queries
from orgs.dates import in_words
from orgs.models import Registration, RegistrationQuestion, RegistrationState
from orgs.services.registrations.submission import status_link

# The contact's address is where the link goes to, so it is not changed by whoever holds the link.
CORRECTABLE = (*Registration.profile_fields(), "contact_first_name", "contact_last_name", "contact_phone")
NOT_ASKED = "No question is open for this registration any more. Here is how it stands."


def answer(
    actor: Actor, registration: Registration, *, text: str, profile: Mapping[str, Any] | None = None
) -> Registration:
    """Answer the open question: the registration waits for the operator again, with a due date of its own.

    ``profile`` are corrections, by names of ``CORRECTABLE``. The assigned member of staff is told, else all of them. An
    approval that was the first of two is void: it was given to other details. Raises ``Invalid`` with ``fields["answer"]``
    for an empty answer, and ``Conflict`` where no question is open.
    """
    text = text.strip()
    if not text:
        raise Invalid(fields={"answer": "Write your answer. A sentence can be enough."})
    with transaction.atomic():
        locked = _lock(registration)
        question = open_question(locked)
        if question is None:
            raise Conflict(NOT_ASKED)
        changed = _apply(locked, profile or {})
        now = timezone.now()
        states.advance(
            locked,
            "answer",
            actor=actor,
            data={"question": str(question.pk), "changed": changed},
            due_at=business_days.due(now, settings.REVIEW_BUSINESS_DAYS),
            first_approved_by=None,
            first_approved_at=None,
        )
        question.answer, question.answered_at = text, now
        question.save(update_fields=["answer", "answered_at"])
        _tell_staff(locked, question)
        _tell_registrant(locked)
    return locked


def correct(actor: Actor, registration: Registration, *, profile: Mapping[str, Any]) -> Registration:
    """Change details while a question is open; the question stays open until it is answered.

    Raises ``Conflict`` where none is open. What was and what is now stand in the audit trail.
    """
    with transaction.atomic():
        locked = _lock(registration)
        if open_question(locked) is None:
            raise Conflict(NOT_ASKED)
        changed = _apply(locked, profile)
        if changed:
            audit.record(actor, "orgs.registration.correct", locked, data={"changed": changed})
    return locked


def open_question(registration: Registration) -> RegistrationQuestion | None:
    """The question that waits for the registrant, if one does."""
    if registration.state != RegistrationState.INFO_REQUESTED:
        return None
    return registration.questions.filter(answered_at__isnull=True).first()


def _lock(registration: Registration) -> Registration:
    rows = Registration.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("assigned_to", "invitation").get(pk=registration.pk)


def _apply(registration: Registration, profile: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Store what differs; returns each changed field with what it was and what it is, as JSON."""
    before = {name: _plain(getattr(registration, name)) for name in CORRECTABLE}
    for name in CORRECTABLE:
        if name in profile:
            setattr(registration, name, profile[name])
    after = {name: _plain(getattr(registration, name)) for name in CORRECTABLE}
    changed = {name: {"from": before[name], "to": after[name]} for name in CORRECTABLE if before[name] != after[name]}
    if changed:
        registration.save(update_fields=[*changed, *(["name_key"] if "legal_name" in changed else [])])
        registration.administrators.filter(is_contact=True).update(
            first_name=registration.contact_first_name,
            last_name=registration.contact_last_name,
            phone=registration.contact_phone,
        )
    return changed


def _plain(value: Any) -> Any:
    return value if isinstance(value, list) else str(value or "")


def _tell_staff(registration: Registration, question: RegistrationQuestion) -> None:
    for user in _who_reviews(registration):
        outbox.enqueue(
            "orgs/mail/registration_answered",
            to=user.email,
            language=user.language,
            context={
                "first_name": user.first_name,
                "company": registration.legal_name,
                "contact": registration.contact_name,
                "question": question.text,
                "answer": question.answer,
                "due": _due(registration),
            },
            links={"detail": outbox.Link("admin:orgs_registration_change", kwargs={"object_id": str(registration.pk)})},
            about=registration.id,
        )


def _tell_registrant(registration: Registration) -> None:
    outbox.enqueue(
        "orgs/mail/registration_answer_received",
        to=registration.contact_email,
        language=registration.language,
        context={
            "first_name": registration.contact_first_name,
            "company": registration.legal_name,
            "due": _due(registration),
        },
        links={"status": status_link(registration)},
        about=registration.id,
    )


def _who_reviews(registration: Registration) -> list[User]:
    assignee = registration.assigned_to
    if assignee and assignee.state == UserState.ACTIVE and assignee.is_staff:
        return [assignee]
    return list(queries.operator_staff())


def _due(registration: Registration) -> str:
    return in_words(registration.due_at) if registration.due_at else ""
