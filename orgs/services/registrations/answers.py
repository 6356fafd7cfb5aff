"""The registrant's answer to the operator's question, and the corrections that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, states, texts
from core.actor import Actor
from core.errors import Conflict
from orgs import business_days, completeness, flags, profile_changes, queries
from orgs.models import Registration, RegistrationQuestion, RegistrationState
from orgs.profile_changes import Changes
from orgs.services import claims, locks, matching
from orgs.services.registrations import letters

NOT_ASKED = "No question is open for this registration any more. Here is how it stands."


def answer(
    actor: Actor, registration: Registration, *, text: str, profile: Mapping[str, Any] | None = None
) -> Registration:
    """Answer the open question: the registration waits for the operator again, with a due date of its own.

    ``profile`` are corrections, by the names of the profile's fields. The assigned member of staff is told, else all of
    them. Raises ``Invalid`` with ``fields["answer"]`` for an empty answer, and ``Conflict`` where no question is open.
    """
    text = texts.required(text, field="answer", missing="Write your answer. A sentence can be enough.")
    with transaction.atomic():
        locked = locks.registration(registration.pk)
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
        )
        question.answer, question.answered_at = text, now
        question.save(update_fields=["answer", "answered_at"])
        letters.to_staff(
            "orgs/mail/registration_answered",
            locked,
            staff=_who_reviews(locked),
            question=question.text,
            answer=question.answer,
        )
        letters.to_registrant("orgs/mail/registration_answer_received", locked)
        _compare(locked, changed)
    return locked


def correct(actor: Actor, registration: Registration, *, profile: Mapping[str, Any]) -> Registration:
    """Change the profile while a question is open; the question stays open until it is answered.

    Raises ``Conflict`` where none is open. What was and what is now stand in the audit trail.
    """
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        if open_question(locked) is None:
            raise Conflict(NOT_ASKED)
        changed = _apply(locked, profile)
        if changed:
            audit.record(actor, "orgs.registration.correct", locked, data={"changed": changed})
        _compare(locked, changed)
    return locked


def open_question(registration: Registration) -> RegistrationQuestion | None:
    """The question that waits for the registrant, if one does."""
    if registration.state != RegistrationState.INFO_REQUESTED:
        return None
    return registration.questions.filter(answered_at__isnull=True).first()


def _apply(registration: Registration, profile: Mapping[str, Any]) -> Changes:
    """Store what differs, with what the operator should look at twice; returns the changed fields."""
    before = profile_changes.as_json(registration.profile())
    after = profile_changes.as_json({**registration.profile(), **profile})
    changed = {name: {"from": before[name], "to": after[name]} for name in before if before[name] != after[name]}
    if changed:
        for name in changed:
            setattr(registration, name, profile[name])
        registration.flags = flags.of(registration)
        registration.completeness = completeness.per_cent(registration)
        registration.save(update_fields=[*changed, "name_key", "flags", "completeness"])
    return changed


def _compare(registration: Registration, changed: Changes) -> None:
    """Likenesses are worked out last in a transaction, because registrations take turns in it."""
    if changed:
        matching.refresh(registration)


def _who_reviews(registration: Registration) -> list[User]:
    holder = claims.holder(registration)
    return [holder] if holder else list(queries.operator_staff())
