"""Help for people who are not in yet: the topics and their search, a lost One-Time Password, and who looks after them."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import help_topics
from accounts.help_topics import TOPICS
from accounts.models import User
from accounts.ports import Contact
from accounts.services import assistance, limits, people
from accounts.tasks import look_after_doors
from core.models import Mail, Outcome
from core.outbox import Link, render
from tests.accounts.stages import ADMINISTRATOR, Invited, Upstairs, activate, comparable, events, invite, link_in, mails

LOST, WHO = "/help/one-time-password/", "/help/administrator/"


def ask(path: str, identifier: str, *, address: str = "127.0.0.1") -> tuple[int, str]:
    response = Client(REMOTE_ADDR=address).post(path, {"identifier": identifier})
    return response.status_code, comparable(response.content, identifier)


def titles(client: Client, query: str) -> list[str]:
    return [str(topic.title) for topic in client.get("/help/", {"q": query}).context["found"]]


@pytest.fixture
def contact(upstairs: Upstairs, invited: Invited, person_of_no_company: User) -> Contact:
    """Somebody who looks after the invited person."""
    administrator = invite("Ana", "Ferreira", "ana.ferreira@hawker.example").user
    link = Link("accounts:my-account")
    found = Contact(administrator.full_name, administrator.email, "Hawker Ltd", administrator, page=link)
    upstairs.contacts[invited.user.user_id] = [found]
    return found


@pytest.fixture
def person_of_no_company(db: None) -> User:
    return invite("Sole", "Owner", "sole@hawker.example").user


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("locked out", "It says “Too many tries”, or I am locked out"),
        ("account is blocked", "It says “Too many tries”, or I am locked out"),
        ("forgot password", "I forgot my password"),
        ("USERNAME", "I forgot my User ID"),
        ("otp expired", "I have no One-Time Password, or it no longer works"),
        ("2fa lost phone", "I lost my telephone or my security key"),
        ("who is my administrator?", "I do not know my administrator"),
        ("expired link", "A link no longer works"),
        ("invitation", "The link of my invitation has ended"),
        ("Who’s an Application Administrator", "Who should be an administrator?"),
        ("captchas", "I cannot read the Captcha code"),
        ("steps of registration", "No MAG Account"),
        ("spam", "I wait for a mail and none comes"),
    ],
)
def test_people_find_a_topic_by_their_own_words(client: Client, db: None, query: str, title: str) -> None:
    assert titles(client, query)[0] == title


@pytest.mark.parametrize("query", ["xyzzy", "the", "?!", "Ω", "%", "a b c"])
def test_a_search_without_result_shows_every_topic(client: Client, db: None, query: str) -> None:
    response = client.get("/help/", {"q": query})
    page = response.content.decode()
    assert response.context["found"] == []
    assert "Nothing here has to do with" in page
    for topic in TOPICS:
        assert f'href="{topic.url}"' in page


def test_what_is_searched_is_text_and_is_cut(client: Client, db: None) -> None:
    page = client.get("/help/", {"q": "<script>alert(1)</script>" + "x" * 5000}).content.decode()
    assert "<script>alert" not in page
    assert "x" * 201 not in page
    assert client.get("/help/?q=a%00b").status_code == 400


def test_every_topic_stands_on_its_page_and_in_the_index(client: Client, db: None) -> None:
    index = client.get("/help/").content.decode()
    for topic in TOPICS:
        page, _, anchor = topic.url.partition("#")
        assert f'id="{anchor}"' in client.get(page).content.decode(), topic.slug
        assert topic.url in index


def test_no_two_topics_share_an_anchor_and_none_is_empty() -> None:
    assert len({topic.url for topic in TOPICS}) == len(TOPICS)
    for topic in TOPICS:
        assert len(help_topics._words(render_to_string(topic.template))) > 10, topic.slug


@pytest.mark.parametrize("path", ["/help/login/", "/help/registration/"])
def test_both_pages_can_be_searched(client: Client, db: None, path: str) -> None:
    assert re.search(r'<form[^>]*role="search"[^>]*action="/help/"', client.get(path).content.decode())


def test_the_help_says_the_numbers_that_hold(client: Client, db: None) -> None:
    page = re.sub(r"\s+", " ", client.get("/help/login/").content.decode())
    assert f"{limits.SIGN_IN.here.free} wrong tries in a row" in page
    assert f"After {settings.WRONG_PASSWORDS_IN_A_ROW} wrong passwords in a row" in page


@pytest.mark.parametrize("path", [LOST, WHO])
def test_the_answer_is_one_page_for_everybody(contact: Contact, invited: Invited, path: str) -> None:
    person = activate(invite("Mo", "Active", "mo@hawker.example"))
    stopped = invite("Kim", "Stopped", "kim@hawker.example").user
    people.suspend(ADMINISTRATOR, user=stopped, reason="Left the project.")
    names = (invited.user.user_id, invited.user.email.upper(), person.email, stopped.email, "nobody@hawker.example")
    (answer,) = {ask(path, name) for name in names}
    assert answer[0] == 200
    assert contact.name not in answer[1]


@pytest.mark.parametrize("path", [LOST, WHO])
def test_the_page_does_the_same_for_everybody(contact: Contact, invited: Invited, path: str) -> None:
    def statements(identifier: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            ask(path, identifier)
        return [re.sub(r"'[^']*'|\b\d[\d.]*\b|NULL", "?", query["sql"]) for query in captured]

    known, unknown = statements(invited.user.email), statements("nobody@hawker.example")
    assert len(known) == len(unknown)
    assert not Mail.objects.exists()


def test_a_lost_one_time_password_is_asked_for_and_its_owner_told_whom_to_ask(
    contact: Contact, invited: Invited
) -> None:
    ask(LOST, invited.user.user_id)
    for _ in range(2):
        look_after_doors()
    (to_administrator,) = mails("one_time_password_wanted")
    assert to_administrator.to == contact.email
    assert invited.user.user_id in render(to_administrator).text
    assert link_in(to_administrator, "/account/")
    (to_owner,) = mails("one_time_password_lost")
    assert to_owner.to == invited.user.email
    assert f"{contact.name}, Hawker Ltd: {contact.email}" in render(to_owner).text
    assert invited.secret not in str(render(to_owner)) + str(render(to_administrator))
    (event,) = events(assistance.LOST)
    assert (event.target_id, event.outcome) == (str(invited.user.pk), Outcome.DONE)


def test_somebody_who_has_a_password_is_told_so_and_nobody_else_is_asked(person: User) -> None:
    ask(LOST, person.email)
    look_after_doors()
    (mail,) = Mail.objects.all()
    assert (mail.template, mail.to) == ("accounts/mail/has_password", person.email)


def test_who_looks_after_whom_is_told_by_mail_alone(contact: Contact, invited: Invited) -> None:
    ask(WHO, invited.user.email)
    look_after_doors()
    (mail,) = Mail.objects.all()
    assert (mail.template, mail.to) == ("accounts/mail/contacts", invited.user.email)
    assert contact.email in render(mail).text
    assert contact.email in render(mail).html


def test_somebody_whom_nobody_looks_after_is_sent_to_support(person_of_no_company: User) -> None:
    for path in (LOST, WHO):
        ask(path, person_of_no_company.email)
    look_after_doors()
    for mail in (*mails("one_time_password_lost"), *mails("contacts")):
        assert settings.SUPPORT_EMAIL in render(mail).text.partition("Questions?")[0]


@pytest.mark.parametrize("path", [LOST, WHO])
def test_nobody_is_mailed_for_a_name_that_opens_nothing(db: None, path: str) -> None:
    stopped = invite("Kim", "Stopped", "kim@hawker.example").user
    people.close(ADMINISTRATOR, user=stopped, reason="Left the company.")
    for name in (stopped.email, "nobody@hawker.example"):
        ask(path, name)
    look_after_doors()
    assert not Mail.objects.exists()


def test_administrators_are_not_buried_in_mails(contact: Contact, invited: Invited) -> None:
    for name in (invited.user.user_id, invited.user.email):
        for _ in range(3):
            ask(LOST, name)
            look_after_doors()
    assert len(mails("one_time_password_lost")) == 6
    assert len(mails("one_time_password_wanted")) == limits.ASKING_CONTACTS.item.amount == 3


def test_asking_too_often_is_told_to_wait_known_or_not(invited: Invited) -> None:
    for name in (invited.user.email, "nobody@hawker.example"):
        statuses = [ask(LOST, name, address=f"203.0.113.{number}")[0] for number in range(6)]
        assert statuses == [200] * 5 + [429]


def test_nothing_typed_is_asked_for_again(client: Client, db: None) -> None:
    response = client.post(LOST, {"identifier": ""})
    assert response.status_code == 422
    assert "Enter your User ID or your e-mail address." in response.content.decode()
    assert client.post(LOST, {"identifier": "a\x00b"}).status_code == 422


def test_looking_asks_nobody(client: Client, contact: Contact, invited: Invited) -> None:
    for path in (LOST, WHO):
        assert client.get(path, {"identifier": invited.user.email}).status_code == 200
    look_after_doors()
    assert not Mail.objects.exists()


def test_without_redis_nothing_is_asked(client: Client, invited: Invited, no_redis: None) -> None:
    assert client.post(LOST, {"identifier": invited.user.email}).status_code == 503
    assert events(assistance.LOST) == []
