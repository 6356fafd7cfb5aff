"""Questions that nobody answers: reminded of, warned of the end, and at last the registration ends."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import outbox, states
from core.actor import Actor
from orgs.dates import in_words
from orgs.models import Registration, RegistrationQuestion, RegistrationState
from orgs.services import locks, matching
from orgs.services.registrations import letters

CLOCK = Actor.system("unanswered questions")


def remind_due(*, limit: int = 500) -> int:
    """Mail a reminder once after ``REGISTRATION_ANSWER_REMINDER``, and a last one ``…_WARNING`` before the end."""
    now = timezone.now()
    ending = _open().filter(registration__due_at__lte=now + settings.REGISTRATION_ANSWER_WARNING, warned_at=None)
    asked_by = now - settings.REGISTRATION_ANSWER_REMINDER
    waiting = _open().filter(created_at__lte=asked_by, reminded_at=None, warned_at=None)
    warned = sum(_remind(question, ending=True) for question in ending[:limit])
    return warned + sum(_remind(question, ending=False) for question in waiting[:limit])


def expire_due(*, limit: int = 500) -> int:
    """End the registrations whose question was not answered in time; their One-Time Passwords go with them."""
    return sum(_expire(registration) for registration in _overdue().order_by("due_at", "id")[:limit])


def _open() -> QuerySet[RegistrationQuestion]:
    """Open questions, oldest first, while there is still time to answer: until the registration's due time."""
    questions = RegistrationQuestion.objects.filter(
        answered_at=None,
        registration__state=RegistrationState.INFO_REQUESTED,
        registration__due_at__gt=timezone.now(),
    )
    return questions.select_related("registration").order_by("created_at", "id")


def _overdue() -> QuerySet[Registration]:
    return Registration.objects.filter(state=RegistrationState.INFO_REQUESTED, due_at__lte=timezone.now())


def _remind(question: RegistrationQuestion, *, ending: bool) -> bool:
    """Claims the question first, so that two workers send one mail."""
    stamp = "warned_at" if ending else "reminded_at"
    with transaction.atomic():
        registration = locks.registration(question.registration_id)
        unclaimed = RegistrationQuestion.objects.filter(pk=question.pk, answered_at=None, **{stamp: None})
        if registration.state != RegistrationState.INFO_REQUESTED or not unclaimed.update(**{stamp: timezone.now()}):
            return False
        letters.to_registrant(
            "orgs/mail/registration_unanswered",
            registration,
            question=question.text,
            expires=in_words(registration.due_at),
            ending=ending,
        )
    return True


def _expire(registration: Registration) -> bool:
    """Asks once more under the lock: it may have been answered since it was found."""
    with transaction.atomic():
        locked = _overdue().select_for_update(no_key=True).filter(pk=registration.pk).first()
        if locked is None:
            return False
        states.advance(locked, "expire", actor=CLOCK, reason="unanswered", decided_at=timezone.now())
        locked.administrators.update(one_time_password_hash="")
        matching.forget(locked)
        links = {"status": letters.link(locked), "register": outbox.Link("orgs:register")}
        letters.to_registrant("orgs/mail/registration_unanswered_expired", locked, links=links)
    return True
