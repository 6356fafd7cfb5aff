"""After Submit: the page by link, the operator's question, corrections, withdrawal, reminders and the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core import tokens
from core.errors import Conflict, Invalid
from core.models import AuditEvent, Token
from core.outbox import render
from orgs import business_days, timelines
from orgs.dates import in_words
from orgs.models import Flag, Registration, RegistrationQuestion, RegistrationState, WizardStep
from orgs.services import approval, review
from orgs.services.registrations import answers, drafts, withdrawal
from orgs.services.registrations.letters import LINK
from orgs.tasks import expire_due
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import PROFILE, Registrant
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db
QUESTION = "Which of the two addresses is yours?"


@pytest.fixture
def submitted(world: World, registrant: Registrant) -> Registration:
    return registrant.submitted()


@pytest.fixture
def asked(world: World, submitted: Registration) -> Registration:
    review.ask(world.operator, submitted, question=QUESTION)
    submitted.refresh_from_db()
    return submitted


def link_of(registration: Registration) -> str:
    """The path of the newest link, as its addressee reads it."""
    newest = Token.objects.filter(purpose=LINK, subject_id=registration.pk).latest("created_at")
    return f"/registration/{tokens.secret_of(newest)}/"


def page(registration: Registration) -> str:
    answer = Client().get(link_of(registration))
    assert answer.status_code == 200
    return answer.content.decode()


def state(registration: Registration) -> str:
    return Registration.objects.values_list("state", flat=True).get(pk=registration.pk)


def details(**changes: Any) -> dict[str, Any]:
    return {**{key: value for key, value in PROFILE.items() if not key.startswith("contact")}, **changes}


# --- The page -----------------------------------------------------------------------------------------------------
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

    assert _masked(page(submitted)) == _masked(before)
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


# --- The answer ---------------------------------------------------------------------------------------------------
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


# --- Corrections --------------------------------------------------------------------------------------------------
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


# --- Withdrawal ---------------------------------------------------------------------------------------------------
def test_withdrawing_takes_a_page_and_a_press(world: World, submitted: Registration) -> None:
    url = f"{link_of(submitted)}withdraw/"
    assert "Withdraw this registration?" in Client().get(url).content.decode()
    assert state(submitted) == RegistrationState.SUBMITTED

    response = Client().post(url, {"reason": "Not needed."}, follow=True)

    assert "The registration is withdrawn." in response.content.decode()
    assert state(submitted) == RegistrationState.WITHDRAWN
    assert not submitted.administrators.exclude(one_time_password_hash="").exists()
    assert [mail.to for mail in worlds.mails("registration_withdrawn")] == ["kim@newco.example"]
    assert not worlds.mails("registration_withdrawn_staff"), "nobody has it on their desk"
    assert AuditEvent.objects.get(action="orgs.registration.withdraw").reason == "Not needed."


def test_whoever_has_it_on_their_desk_hears_of_a_withdrawal(world: World, asked: Registration) -> None:
    review.claim(world.operator, asked)

    withdrawal.withdraw(VISITOR, asked)

    assert [mail.to for mail in worlds.mails("registration_withdrawn_staff")] == [world.staff.email]
    assert state(asked) == RegistrationState.WITHDRAWN


@pytest.mark.parametrize("decided", ["approved", "denied", "expired", "withdrawn", "merged"])
def test_what_is_decided_cannot_be_withdrawn(world: World, submitted: Registration, decided: str) -> None:
    Registration.objects.filter(pk=submitted.pk).update(
        state=decided, organization=world.aurora, denial_reason="No.", decided_at=timezone.now()
    )
    submitted.refresh_from_db()

    response = Client().post(f"{link_of(submitted)}withdraw/", {"reason": ""}, follow=True)

    assert "There is nothing to withdraw any more." in response.content.decode()
    with pytest.raises(Conflict):
        withdrawal.withdraw(VISITOR, submitted)
    assert state(submitted) == decided
    assert not worlds.mails("registration_withdrawn")


def test_a_withdrawn_registration_leaves_the_invitation_to_be_used_again(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    landing = f"/invitation/{worlds.secret_of(invitation)}/"
    first = registrant.submitted(landing)
    withdrawal.withdraw(VISITOR, first)

    second = Registrant("203.0.113.77").begin(landing)

    assert second.pk != first.pk
    assert second.invitation == invitation


@pytest.mark.django_db(transaction=True)
def test_withdrawn_and_approved_at_once_is_one_of_the_two(world: World, registrant: Registrant) -> None:
    registration = registrant.submitted()

    outcomes = at_once(
        [
            lambda: withdrawal.withdraw(VISITOR, registration),
            lambda: approval.approve(world.operator, registration),
        ]
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
    assert state(registration) in {RegistrationState.WITHDRAWN, RegistrationState.APPROVED}


# --- The clock ----------------------------------------------------------------------------------------------------
def at(moment: Any, seconds: int) -> Any:
    return time_machine.travel(moment + timedelta(seconds=seconds), tick=False)


def sweep(moment: Any, seconds: int) -> None:
    with at(moment, seconds):
        expire_due()
        expire_due()


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


# --- The link -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["", "answer/", "details/", "withdraw/"])
def test_an_ended_link_offers_a_new_one(submitted: Registration, path: str) -> None:
    url = link_of(submitted)
    Token.objects.filter(subject_id=submitted.pk).update(expires_at=timezone.now())

    reply = Client().post(f"{url}{path}", {"answer": "x"}) if path == "answer/" else Client().get(f"{url}{path}")

    assert reply.status_code == 410
    assert "Send me a new link" in reply.content.decode()
    assert "Newco" not in reply.content.decode()


def test_a_link_that_was_never_issued_looks_like_one_that_ended(submitted: Registration) -> None:
    url = link_of(submitted)
    Token.objects.filter(subject_id=submitted.pk).update(expires_at=timezone.now())

    ended, unknown = Client().get(url), Client().get("/registration/nothing-like-it/")

    assert unknown.status_code == 404
    assert _masked(ended.content.decode()) == _masked(unknown.content.decode())


def test_a_new_link_is_mailed_to_whoever_submitted(submitted: Registration) -> None:
    reply = Client().post("/registration/link/", {"email": "KIM@newco.example"})

    assert reply.status_code == 200
    [mail] = worlds.mails("registration_link")
    assert mail.to == "kim@newco.example"
    assert "Newco Metals Ltd" in Client().get(worlds.link_in(mail, "/registration/")).content.decode()


def test_nobody_else_is_mailed_a_link(submitted: Registration) -> None:
    reply = Client().post("/registration/link/", {"email": "else@newco.example"})

    assert reply.status_code == 200
    assert not worlds.mails("registration_link")


def test_links_to_one_address_are_few(submitted: Registration) -> None:
    replies = [Client().post("/registration/link/", {"email": "kim@newco.example"}).status_code for _ in range(6)]

    assert replies == [200] * 5 + [429]


def test_no_address_is_an_error_beside_the_field(db: None) -> None:
    reply = Client().post("/registration/link/", {"email": "nonsense"})

    assert reply.status_code == 422
    assert "This is no e-mail address." in reply.content.decode()


def test_whoever_tries_links_one_after_the_other_is_stopped_and_others_are_not(submitted: Registration) -> None:
    url = link_of(submitted)
    replies = [Client().get(f"/registration/guess-{number}/").status_code for number in range(61)]

    assert replies == [404] * 60 + [429]
    assert Client().get(url).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.7").get(url).status_code == 200


def test_without_redis_links_stay_shut(submitted: Registration, no_redis: None) -> None:
    assert Client().get(link_of(submitted)).status_code == 503


def test_an_empty_answer_is_refused_by_the_service_too(asked: Registration) -> None:
    with pytest.raises(Invalid) as refusal:
        answers.answer(VISITOR, asked, text=" ")
    assert "answer" in refusal.value.fields


def _masked(text: str) -> str:
    import re

    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    text = re.sub(r"/registration/[\w-]{20,}/|/registration/nothing-like-it/", "/registration/…/", text)
    return re.sub(r"<time[^>]*>[^<]*</time>", "", text)
