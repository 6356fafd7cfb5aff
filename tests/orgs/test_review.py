"""What staff do before they decide: claim, release, ask, note."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User, UserState
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import AuditEvent
from core.outbox import render
from orgs.models import Registration, RegistrationState
from orgs.services import actors, approval, review
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(db: None) -> Registration:
    return submissions.submitted()


@pytest.fixture
def colleague(world: World) -> Actor:
    return actors.of_user(worlds.user("Cleo", staff=True))


def events(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=f"orgs.registration.{verb}").order_by("at"))


# --- Claim and release --------------------------------------------------------------------------------------------
def test_a_claim_says_who_and_since_when(world: World, submitted: Registration) -> None:
    review.claim(world.operator, submitted)

    submitted.refresh_from_db()
    assert submitted.assigned_to == world.staff
    assert submitted.assigned_at is not None
    assert len(events("claim")) == 1


def test_twice_is_as_good_as_once(world: World, submitted: Registration) -> None:
    review.claim(world.operator, submitted)
    review.claim(world.operator, submitted)

    assert len(events("claim")) == 1


def test_what_a_colleague_has_is_taken_over_only_by_force(
    world: World, submitted: Registration, colleague: Actor
) -> None:
    review.claim(colleague, submitted)

    with pytest.raises(Conflict, match="Cleo Baker has claimed this"):
        review.claim(world.operator, submitted)
    review.claim(world.operator, submitted, force=True)

    submitted.refresh_from_db()
    assert submitted.assigned_to == world.staff
    assert events("claim")[-1].data["taken_from"] == colleague.label


def test_what_somebody_has_who_left_is_free(world: World, submitted: Registration, colleague: Actor) -> None:
    review.claim(colleague, submitted)
    User.objects.filter(user_id=colleague.label).update(state=UserState.SUSPENDED)

    review.claim(world.operator, submitted)

    submitted.refresh_from_db()
    assert submitted.assigned_to == world.staff


def test_one_gives_back_only_what_one_has(world: World, submitted: Registration, colleague: Actor) -> None:
    review.claim(world.operator, submitted)

    with pytest.raises(Conflict):
        review.release(colleague, submitted)
    review.release(world.operator, submitted)
    with pytest.raises(Conflict):
        review.release(world.operator, submitted)

    submitted.refresh_from_db()
    assert (submitted.assigned_to, submitted.assigned_at) == (None, None)
    assert len(events("release")) == 1


def test_a_claim_keeps_nobody_out(world: World, submitted: Registration, colleague: Actor) -> None:
    review.claim(world.operator, submitted)

    assert approval.approve(colleague, submitted) is not None


def test_what_is_decided_cannot_be_claimed(world: World, submitted: Registration) -> None:
    approval.deny(world.operator, submitted, reason="No.")

    with pytest.raises(Conflict, match="no longer waits"):
        review.claim(world.operator, submitted)


# --- Questions ----------------------------------------------------------------------------------------------------
def test_a_question_is_mailed_with_the_way_to_answer(world: World, submitted: Registration) -> None:
    question = review.ask(world.operator, submitted, question="  Which site is “A & B”?  ")

    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.INFO_REQUESTED
    assert (question.text, question.asked_by) == ("Which site is “A & B”?", world.staff)
    [mail] = worlds.mails("registration_question")
    assert mail.to == "kim@newco.example"
    assert "Which site is “A & B”?" in render(mail).text
    assert worlds.link_in(mail, "/registration/")


def test_the_clock_is_the_registrants_meanwhile(world: World, submitted: Registration) -> None:
    before = timezone.now()

    review.ask(world.operator, submitted, question="Which site?")

    submitted.refresh_from_db()
    assert submitted.due_at == submitted.expires_at
    lifetime = submitted.expires_at - before
    assert timedelta(0) <= lifetime - settings.REGISTRATION_ANSWER_LIFETIME < timedelta(minutes=1)


def test_one_question_at_a_time(world: World, submitted: Registration) -> None:
    review.ask(world.operator, submitted, question="Which site?")

    with pytest.raises(Conflict):
        review.ask(world.operator, submitted, question="And whose?")

    assert len(worlds.mails("registration_question")) == 1


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_a_question_has_words_and_fits(world: World, submitted: Registration, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        review.ask(world.operator, submitted, question=text)

    assert "question" in refused.value.fields
    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


# --- Notes --------------------------------------------------------------------------------------------------------
def test_a_note_is_kept_and_the_audit_trail_does_not_repeat_it(world: World, submitted: Registration) -> None:
    note = review.add_note(world.operator, submitted, text=" Rang them: nobody there. ")

    assert (note.text, note.author) == ("Rang them: nobody there.", world.staff)
    [event] = events("note")
    assert "Rang" not in f"{event.data}{event.reason}"


def test_what_is_decided_can_still_be_noted_on(world: World, submitted: Registration) -> None:
    approval.deny(world.operator, submitted, reason="No.")

    review.add_note(world.operator, submitted, text="They wrote again.")

    assert submitted.notes.count() == 1


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4001])
def test_a_note_has_words_and_fits(world: World, submitted: Registration, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        review.add_note(world.operator, submitted, text=text)

    assert "text" in refused.value.fields
