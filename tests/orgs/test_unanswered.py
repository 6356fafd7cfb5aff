"""Questions that nobody answers: reminders, and the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from core.outbox import render
from orgs.models import Registration, RegistrationState
from orgs.services import review
from orgs.services.registrations import answers
from tests.orgs import world as worlds
from tests.orgs.questions import QUESTION, page, state, sweep
from tests.orgs.registrant import Registrant
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db


def test_a_question_is_reminded_of_once_and_not_a_second_too_early(asked: Registration) -> None:
    due = asked.questions.get().created_at + settings.REGISTRATION_ANSWER_REMINDER

    sweep(due, -1)
    assert not worlds.mails("registration_unanswered")
    sweep(due, 1)

    [mail] = worlds.mails("registration_unanswered")
    assert mail.to == "kim@newco.example"
    assert QUESTION in render(mail).text
    assert not render(mail).subject.startswith("Last reminder")


def test_the_last_reminder_comes_before_the_end(asked: Registration) -> None:
    assert asked.due_at
    warned = asked.due_at - settings.REGISTRATION_ANSWER_WARNING

    sweep(warned, -1)
    before = len(worlds.mails("registration_unanswered"))
    sweep(warned, 1)

    assert (before, len(worlds.mails("registration_unanswered"))) == (1, 2)
    assert render(worlds.mails("registration_unanswered")[0]).subject.startswith("Last reminder")


def test_nobody_is_reminded_of_what_was_answered(asked: Registration) -> None:
    answers.answer(VISITOR, asked, text="The first one.")

    sweep(timezone.now(), int(timedelta(days=6).total_seconds()))

    assert not worlds.mails("registration_unanswered")


def test_a_registration_ends_unanswered_to_the_second(asked: Registration) -> None:
    assert asked.due_at
    sweep(asked.due_at, -1)
    assert state(asked) == RegistrationState.INFO_REQUESTED

    sweep(asked.due_at, 1)

    assert state(asked) == RegistrationState.EXPIRED
    assert not asked.administrators.exclude(one_time_password_hash="").exists()
    [mail] = worlds.mails("registration_unanswered_expired")
    assert mail.to == "kim@newco.example"
    assert "was not answered in time" in page(asked)


def test_an_unanswered_registration_leaves_the_invitation_to_be_used_again(
    world: World, registrant: Registrant
) -> None:
    invitation = worlds.invite(world)
    registration = registrant.submitted(f"/invitation/{worlds.secret_of(invitation)}/")
    review.ask(world.operator, registration, question=QUESTION)
    type(invitation).objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + timedelta(days=60))

    sweep(timezone.now(), int(timedelta(days=31).total_seconds()))

    assert state(registration) == RegistrationState.EXPIRED
    again = Registrant("203.0.113.77").begin(f"/invitation/{worlds.secret_of(invitation)}/")
    assert again.pk != registration.pk
