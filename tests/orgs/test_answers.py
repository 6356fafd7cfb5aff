"""The operator's question: answered, and corrected while it is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.errors import Conflict, Invalid
from core.models import AuditEvent
from core.outbox import render
from orgs import business_days, timelines
from orgs.models import Registration, RegistrationQuestion, RegistrationState
from orgs.services import review
from orgs.services.registrations import answers
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.questions import QUESTION, details, link_of, state
from tests.orgs.registrant import Registrant
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db


def test_an_answer_takes_it_back_to_the_operator_with_a_new_due_date(asked: Registration) -> None:
    with time_machine.travel("2026-11-27 10:00:00+00:00", tick=False):
        Registration.objects.filter(pk=asked.pk).update(due_at=timezone.now() + timedelta(days=5))
        response = Client().post(f"{link_of(asked)}answer/", {"answer": "The first one."}, follow=True)
        due = business_days.due(timezone.now(), settings.REVIEW_BUSINESS_DAYS)

    asked.refresh_from_db()
    question = asked.questions.get()
    assert "Your answer is on its way" in response.content.decode()
    assert asked.state == RegistrationState.SUBMITTED
    assert asked.due_at == due
    assert due.day == 1, "a weekend lies between"
    assert (question.answer, question.answered_at is not None) == ("The first one.", True)
    assert AuditEvent.objects.filter(action="orgs.registration.answer").count() == 1


def test_all_staff_hear_of_an_answer_and_the_registrant_gets_a_confirmation(world: World, asked: Registration) -> None:
    worlds.user("Tessa", staff=True)

    answers.answer(VISITOR, asked, text="The first one.")

    assert {mail.to for mail in worlds.mails("registration_answered")} == set(
        User.objects.filter(is_staff=True).values_list("email", flat=True)
    )
    assert QUESTION in render(worlds.mails("registration_answered")[0]).text
    [receipt] = worlds.mails("registration_answer_received")
    assert receipt.to == "kim@newco.example"
    assert Client().get(worlds.link_in(receipt, "/registration/")).status_code == 200


def test_whoever_has_it_on_their_desk_alone_hears_of_an_answer(world: World, asked: Registration) -> None:
    worlds.user("Tessa", staff=True)
    review.claim(world.operator, asked)

    answers.answer(VISITOR, asked, text="The first one.")

    assert [mail.to for mail in worlds.mails("registration_answered")] == [world.staff.email]


@pytest.mark.parametrize(
    ("text", "sentence"), [("  ", "Write your answer"), ("x" * 4001, "Use at most 4000 characters")]
)
def test_an_answer_that_is_none_comes_back_with_what_was_typed(asked: Registration, text: str, sentence: str) -> None:
    response = Client().post(f"{link_of(asked)}answer/", {"answer": text})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert text.strip() in response.content.decode()
    assert state(asked) == RegistrationState.INFO_REQUESTED


def test_without_a_question_there_is_nothing_to_answer(submitted: Registration) -> None:
    response = Client().post(f"{link_of(submitted)}answer/", {"answer": "Unasked."}, follow=True)

    assert "No question is open" in response.content.decode()
    with pytest.raises(Conflict):
        answers.answer(VISITOR, submitted, text="Unasked.")
    assert not worlds.mails("registration_answered")


def test_an_answer_sent_twice_is_one(asked: Registration) -> None:
    url = f"{link_of(asked)}answer/"

    replies = [Client().post(url, {"answer": "One."}).status_code for _ in range(2)]

    assert replies == [302, 302]
    assert len(worlds.mails("registration_answer_received")) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_answers_at_once_are_one(world: World, registrant: Registrant) -> None:
    registration = registrant.submitted()
    review.ask(world.operator, registration, question=QUESTION)

    outcomes = at_once([lambda: answers.answer(VISITOR, registration, text="The first one.")] * 8)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 7 + ["NoneType"]
    assert len(worlds.mails("registration_answer_received")) == 1


def test_a_mail_that_cannot_be_queued_leaves_the_question_open(asked: Registration, monkeypatch: Any) -> None:
    monkeypatch.setattr("core.outbox.enqueue", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        answers.answer(VISITOR, asked, text="The first one.")

    assert state(asked) == RegistrationState.INFO_REQUESTED
    assert RegistrationQuestion.objects.get().answered_at is None


def test_an_empty_answer_is_refused_by_the_service_too(asked: Registration) -> None:
    with pytest.raises(Invalid) as refusal:
        answers.answer(VISITOR, asked, text=" ")
    assert "answer" in refusal.value.fields


def test_details_are_corrected_while_a_question_is_open(asked: Registration) -> None:
    url = f"{link_of(asked)}details/"
    shown = Client().get(url).content.decode()

    response = Client().post(url, details(city="York", legal_name="Newco Metal Works Ltd"))

    asked.refresh_from_db()
    assert 'value="1 Foundry Lane"' in shown
    assert response.status_code == 302
    assert (asked.city, asked.legal_name) == ("York", "Newco Metal Works Ltd")
    assert asked.name_key == "newco metal works"
    assert state(asked) == RegistrationState.INFO_REQUESTED
    event = AuditEvent.objects.get(action="orgs.registration.correct")
    assert event.data["changed"]["city"] == {"from": "Sheffield", "to": "York"}
    assert set(event.data["changed"]) == {"city", "legal_name"}
    [entry] = [entry for entry in timelines.history(asked) if entry.label == "Details corrected"]
    assert entry.detail == "Changed: city, legal name."


def test_saving_without_a_change_is_no_event(asked: Registration) -> None:
    Client().post(f"{link_of(asked)}details/", details(postal_code="S1 2HE", email_domains="newco.example"))

    assert not AuditEvent.objects.filter(action="orgs.registration.correct").exists()


def test_corrections_may_come_with_the_answer(asked: Registration) -> None:
    answers.answer(VISITOR, asked, text="Moved.", profile={**asked.profile(), "city": "York"})

    asked.refresh_from_db()
    assert asked.city == "York"
    event = AuditEvent.objects.get(action="orgs.registration.answer")
    assert event.data["changed"] == {"city": {"from": "Sheffield", "to": "York"}}


def test_wrong_details_come_back_beside_the_field(asked: Registration) -> None:
    response = Client().post(f"{link_of(asked)}details/", details(postal_code="nonsense", city="York"))

    assert response.status_code == 422
    assert 'value="York"' in response.content.decode()
    asked.refresh_from_db()
    assert asked.city == "Sheffield"


def test_only_what_the_form_holds_is_taken(asked: Registration) -> None:
    extra = {"contact_email": "thief@elsewhere.example", "state": "approved", "organization": "1", "assigned_to": "1"}

    Client().post(f"{link_of(asked)}details/", details(city="York", **extra))

    asked.refresh_from_db()
    assert (asked.city, asked.contact_email, asked.state) == ("York", "kim@newco.example", "info_requested")


def test_without_a_question_nothing_can_be_corrected(submitted: Registration) -> None:
    url = f"{link_of(submitted)}details/"

    replies = [Client().get(url), Client().post(url, details(city="York"))]

    assert [reply.status_code for reply in replies] == [302, 302]
    submitted.refresh_from_db()
    assert submitted.city == "Sheffield"
    with pytest.raises(Conflict):
        answers.correct(VISITOR, submitted, profile={"city": "York"})
