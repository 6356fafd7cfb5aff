"""The page of a registration after Submit: what it says, and what looking at it does not do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.models import AuditEvent
from orgs import timelines
from orgs.dates import in_words
from orgs.models import Flag, Registration, WizardStep
from orgs.services import approval, review
from orgs.services.registrations import answers, drafts
from tests.orgs.questions import QUESTION, link_of, masked, page
from tests.orgs.registrant import Registrant
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db


def test_in_review_the_operator_is_next_and_the_due_date_is_in_words(submitted: Registration) -> None:
    assert submitted.due_at
    text = page(submitted)

    assert "Next: Exostar" in text
    assert in_words(submitted.due_at) in text
    assert "Someone from your organisation will be told, if it is registered already." in text
    assert 'href="/join/"' in text


def test_a_question_stands_in_front_and_you_are_next(asked: Registration) -> None:
    assert asked.due_at
    text = page(asked)

    assert text.index(QUESTION) < text.index("Submitted")
    assert "Next: you" in text
    assert "Next: Exostar" not in text
    assert in_words(asked.due_at) in text
    assert 'name="answer"' in text


def test_questions_and_answers_stay_to_be_read(world: World, asked: Registration) -> None:
    answers.answer(VISITOR, asked, text="The first one.")
    review.ask(world.operator, asked, question="And since when?")

    text = page(asked)

    assert text.index(QUESTION) < text.index("The first one.")
    assert text.count('name="answer"') == 1
    assert "And since when?" in text


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("approve", "each have an e-mail with their User ID"),
        ("deny", "The UEI is another company’s."),
        ("withdraw", "It was taken back"),
        ("expire", "was not answered in time"),
        ("merge", "has an account already"),
    ],
)
def test_each_end_says_what_became_of_it(world: World, submitted: Registration, end: str, words: str) -> None:
    states = {"approve": "approved", "deny": "denied", "withdraw": "withdrawn", "expire": "expired", "merge": "merged"}
    Registration.objects.filter(pk=submitted.pk).update(
        state=states[end],
        decided_at=timezone.now(),
        organization=world.aurora if end in {"approve", "merge"} else None,
        denial_reason="The UEI is another company’s." if end == "deny" else "",
    )

    text = page(submitted)

    assert words in text
    assert "Next:" not in text
    assert 'name="answer"' not in text
    assert "Withdraw this registration" not in text


def test_the_first_of_two_approvals_is_not_shown_to_the_registrant(
    world: World, submitted: Registration, settings: Any
) -> None:
    settings.FOUR_EYES_APPROVAL = True
    before = page(submitted)

    assert approval.approve(world.operator, submitted) is None

    assert masked(page(submitted)) == masked(before)
    assert any(entry.label == "Approved by the first of two" for entry in timelines.history(submitted))


def test_looking_changes_nothing_and_is_not_stored(asked: Registration) -> None:
    before = Registration.objects.values().get(pk=asked.pk)
    events = AuditEvent.objects.count()
    url = link_of(asked)

    answers_ = [Client().get(url), Client().head(url), Client().get(f"{url}withdraw/"), Client().get(f"{url}details/")]

    assert {answer.status_code for answer in answers_} == {200}
    assert {answer.headers["Cache-Control"] for answer in answers_} == {"no-store"}
    assert {answer.headers["Referrer-Policy"] for answer in answers_} == {"same-origin"}
    assert Registration.objects.values().get(pk=asked.pk) == before
    assert AuditEvent.objects.count() == events


def test_any_button_behind_the_link_confirms_the_address_and_looking_does_not(submitted: Registration) -> None:
    url = link_of(submitted)
    assert "Confirm this address" in Client().get(url).content.decode()
    assert not Registration.objects.filter(pk=submitted.pk, email_confirmed_at__isnull=False).exists()

    after = Client().post(f"{url}confirm/", follow=True).content.decode()

    submitted.refresh_from_db()
    assert submitted.email_confirmed_at
    assert "The address is confirmed." in after
    assert "Confirm this address" not in after
    assert Flag.UNCONFIRMED_MAIL not in submitted.flags


def test_a_draft_opened_by_its_link_is_confirmed_by_going_on(registrant: Registrant) -> None:
    draft = registrant.up_to(WizardStep.ADMINISTRATOR)
    drafts.mail_link(VISITOR, draft)
    elsewhere = Registrant("198.51.100.3")
    elsewhere.registration = draft

    elsewhere.get(link_of(draft))
    assert registrant.stored().email_confirmed_at is None
    elsewhere.select_oneself()

    assert registrant.stored().email_confirmed_at
