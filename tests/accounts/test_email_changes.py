"""A new e-mail address: confirmed from the new one, announced at the old one and stopped from there."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import EmailChange, User
from accounts.ports import Contact
from accounts.services import email_changes, passwords, people, sessions
from core.actor import Actor
from core.errors import NotAllowed
from core.models import AuditEvent, Mail, Token
from core.outbox import render
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    Upstairs,
    activate,
    comparable,
    enter,
    events,
    link_in,
    mails,
)
from tests.concurrency import at_once

NEW = "jordan@newco.example"
MAILS = Mail.objects.filter(template__contains="/email_change")
ONE_SECOND = timedelta(seconds=1)


@pytest.fixture
def at_home(client: Client, person: User) -> Client:
    """The browser of ``person``, who has just signed in."""
    enter(client, person.user_id)
    return client


def ask(client: Client, address: str = NEW) -> Any:
    return client.post("/account/email/", {"new_email": address})


def confirm_link() -> str:
    return urlsplit(link_in(mails("email_change_confirm")[-1], "/email-change/confirm/")).path


def stop_link() -> str:
    return urlsplit(link_in(mails("email_change_announced")[-1], "/email-change/stop/")).path


def confirm(client: Client, link: str) -> int:
    """Open the link, and press the button of the page it leads to; the status of the last answer."""
    opened = client.get(link)
    if opened.status_code != 302:
        return int(opened.status_code)
    assert opened["Location"] == "/account/email/confirm/"
    return int(client.post("/account/email/confirm/").status_code)


def address_of(person: User) -> str:
    person.refresh_from_db()
    return person.email


def test_the_new_address_counts_once_it_is_confirmed(at_home: Client, person: User) -> None:
    old = person.email
    assert ask(at_home)["Location"] == "/account/"
    assert address_of(person) == old
    assert confirm(at_home, confirm_link()) == 302
    assert address_of(person) == NEW
    assert enter(Client(), NEW)["Location"] != "/sign-in/"
    assert enter(Client(), old).status_code == 422


def test_both_addresses_hear_of_it_and_whom_to_tell(
    at_home: Client, person: User, invited_other: Invited, upstairs: Upstairs
) -> None:
    old = person.email
    upstairs.contacts[person.user_id] = [Contact("Kim Lindqvist", "kim@hawker.example", "Hawker", invited_other.user)]
    ask(at_home)
    assert [(mail.template.rpartition("/")[2], mail.to) for mail in MAILS.order_by("created_at")] == [
        ("email_change_confirm", NEW),
        ("email_change_announced", old),
    ]
    assert NEW in render(mails("email_change_announced")[0]).text
    confirm(at_home, confirm_link())
    assert {mail.to for mail in mails("email_changed")} == {old, NEW}
    assert "kim@hawker.example" in render(mails("email_changed")[0]).text


def test_the_trail_tells_who_asked_and_what_became_of_it(at_home: Client, person: User) -> None:
    old = person.email
    ask(at_home)
    confirm(at_home, confirm_link())
    (asked,) = events("accounts.email.ask")
    (changed,) = events("accounts.email.change")
    assert (asked.actor_label, asked.data) == (person.user_id, {"to": NEW})
    assert changed.data == {"from": old, "to": NEW}


def test_looking_changes_nothing(at_home: Client, person: User) -> None:
    old = person.email
    ask(at_home)
    for path in (confirm_link(), "/account/email/confirm/", stop_link(), confirm_link()):
        assert at_home.get(path, follow=True).status_code == 200
        assert at_home.head(path).status_code in {200, 302}
    assert address_of(person) == old
    assert not Token.objects.exclude(used_at=None, revoked_at=None).exists()


def test_the_link_works_once(at_home: Client, person: User) -> None:
    ask(at_home)
    link = confirm_link()
    assert confirm(at_home, link) == 302
    assert confirm(at_home, link) == 410


@pytest.mark.parametrize(("late_by", "status"), [(-ONE_SECOND, 302), (ONE_SECOND, 410)])
def test_the_link_ends_after_a_day(client: Client, person: User, late_by: timedelta, status: int) -> None:
    asked = timezone.now()
    with time_machine.travel(asked, tick=False):
        enter(client, person.user_id)
        ask(client)
        link = confirm_link()
    with time_machine.travel(asked + timedelta(days=1) + late_by, tick=False):
        enter(client, person.user_id)
        assert confirm(client, link) == status


def test_whoever_is_signed_out_signs_in_first_and_the_secret_is_in_no_query(client: Client, person: User) -> None:
    enter(client, person.user_id)
    ask(client)
    link = confirm_link()
    secret = link.split("/")[3]
    assert len(secret) == 43
    visitor = Client()
    assert visitor.get(link)["Location"] == "/account/email/confirm/"
    assert visitor.get("/account/email/confirm/")["Location"] == "/sign-in/?next=/account/email/confirm/"
    assert secret not in str(dict(visitor.session))
    assert enter(visitor, person.user_id, next="/account/email/confirm/")["Location"]
    assert visitor.post("/account/email/confirm/").status_code == 302
    assert address_of(person) == NEW


def test_somebody_else_who_opens_the_link_gets_nothing(at_home: Client, person: User, invited_other: Invited) -> None:
    old = person.email
    ask(at_home)
    other = Client()
    enter(other, activate(invited_other).user_id)
    assert confirm(other, confirm_link()) == 404
    ask(other, "kim@newco.example")
    assert confirm(other, urlsplit(link_in(mails("email_change_confirm")[0], "/email-change/confirm/")).path) == 404
    assert address_of(person) == old
    assert confirm(at_home, urlsplit(link_in(mails("email_change_confirm")[0], "/email-change/confirm/")).path) == 302


@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00"])
def test_a_link_nobody_sent_opens_nothing(at_home: Client, secret: str) -> None:
    assert at_home.get(f"/email-change/confirm/{secret}/").status_code == 404
    assert at_home.post(f"/email-change/stop/{secret}/").status_code == 404
    assert at_home.get("/account/email/confirm/").status_code == 404


def test_the_old_address_stops_it(at_home: Client, person: User) -> None:
    old = person.email
    ask(at_home)
    stranger = Client()
    assert stranger.get(stop_link()).status_code == 200
    response = stranger.post(stop_link())
    assert response.status_code == 200
    assert "/forgot-password/" in response.content.decode()
    assert confirm(at_home, confirm_link()) == 404
    assert stranger.post(stop_link()).status_code == 410
    assert address_of(person) == old
    assert [event.data for event in events("accounts.email.stop")] == [{"to": NEW, "by": "link"}]


def test_the_owner_takes_it_back(at_home: Client, person: User) -> None:
    ask(at_home)
    assert NEW in at_home.get("/account/").content.decode()
    assert at_home.post("/account/email/keep/").status_code == 302
    assert NEW not in at_home.get("/account/").content.decode()
    assert confirm(at_home, confirm_link()) == 404
    assert Client().post(stop_link()).status_code == 410
    assert at_home.post("/account/email/keep/").status_code == 302


def test_asking_again_ends_the_first_link(at_home: Client, person: User) -> None:
    ask(at_home)
    first, first_stop = confirm_link(), stop_link()
    ask(at_home, "jordan.other@newco.example")
    assert confirm(at_home, first) == 404
    assert Client().post(first_stop).status_code == 410
    assert confirm(at_home, confirm_link()) == 302
    assert address_of(person) == "jordan.other@newco.example"


@pytest.mark.parametrize("what", ["password", "sessions", "suspension"])
def test_what_ends_all_sessions_ends_the_link(at_home: Client, person: User, visitor: Actor, what: str) -> None:
    """Who asked with somebody else's open session is out, and so is the address they wanted."""
    old = person.email
    ask(at_home)
    link, password = confirm_link(), PASSWORD
    if what == "password":
        password = "eleven quiet lighthouses"
        passwords.change(people.acting(person, seen=visitor), user=person, current_password=PASSWORD, password=password)
    elif what == "sessions":
        sessions.end_all(ADMINISTRATOR, user=person)
    else:
        people.suspend(ADMINISTRATOR, user=person, reason="Under review.")
        person.refresh_from_db()
        people.unsuspend(ADMINISTRATOR, user=person)
    enter(at_home, person.user_id, password)
    assert email_changes.waiting(User.objects.get(pk=person.pk)) is None
    assert confirm(at_home, link) in {404, 410}
    assert address_of(person) == old


def test_signing_out_leaves_the_link_alive(at_home: Client, person: User) -> None:
    ask(at_home)
    at_home.post("/sign-out/")
    enter(at_home, person.user_id)
    assert confirm(at_home, confirm_link()) == 302


def test_whose_an_address_is_shows_nowhere_but_in_its_owners_mail(
    client: Client, person: User, invited_other: Invited
) -> None:
    enter(client, person.user_id)
    pages = set()
    with time_machine.travel(timezone.now(), tick=False):
        for address in (invited_other.user.email, "nobody@hawker.example"):
            response = ask(client, address.upper())
            pages.add(
                (response.status_code, comparable(client.get(response["Location"]).content, address, address.upper()))
            )
    assert len(pages) == 1
    (known,) = mails("email_change_known")
    assert known.to == invited_other.user.email
    assert person.email not in render(known).text
    assert [mail.to for mail in mails("email_change_confirm")] == ["nobody@hawker.example"]


def test_an_address_that_became_somebody_elses_meanwhile_stays_theirs(
    at_home: Client, person: User, invited_other: Invited
) -> None:
    old = person.email
    ask(at_home)
    User.objects.filter(pk=invited_other.user.pk).update(email=NEW.upper())
    at_home.get(confirm_link())
    response = at_home.post("/account/email/confirm/")
    assert response.status_code == 410
    assert "another MAG account" in response.content.decode()
    assert address_of(person) == old


@pytest.mark.parametrize("typed", ["", "jordan", "jordan@", "a@b", "jordan@mailinator.com", "x" * 250 + "@y.example"])
def test_what_is_no_address_comes_back_with_a_sentence(at_home: Client, typed: str) -> None:
    response = ask(at_home, typed)
    assert response.status_code == 422
    assert response.context["form"].errors["new_email"]
    assert response.context["form"]["new_email"].value() == typed
    assert not EmailChange.objects.exists()


def test_the_present_address_is_no_new_one(at_home: Client, person: User) -> None:
    assert ask(at_home, person.email.upper()).status_code == 422


def test_asking_is_for_whoever_has_just_proved_who_they_are(client: Client, person: User) -> None:
    client.force_login(person)
    assert ask(client)["Location"].startswith("/account/confirm/")
    assert not EmailChange.objects.exists()
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        enter(client, person.user_id)
    client.post("/sign-out/")
    with time_machine.travel(now, tick=False):
        enter(client, person.user_id)
    with time_machine.travel(now + timedelta(minutes=10) - ONE_SECOND, tick=False):
        assert ask(client)["Location"] == "/account/"
    with time_machine.travel(now + timedelta(minutes=10) + ONE_SECOND, tick=False):
        assert ask(client)["Location"].startswith("/account/confirm/")


def test_nobody_asks_for_somebody_else(person: User, invited_other: Invited, visitor: Actor) -> None:
    stranger = people.acting(invited_other.user, seen=visitor)
    with pytest.raises(NotAllowed):
        email_changes.ask(stranger, user=person, new_email=NEW)
    with pytest.raises(NotAllowed):
        email_changes.withdraw(stranger, user=person)


def test_asking_often_is_told_to_wait(at_home: Client) -> None:
    statuses = [ask(at_home, f"jordan{number}@newco.example").status_code for number in range(6)]
    assert statuses == [302] * 5 + [429]


def test_without_redis_nothing_is_asked_for(at_home: Client, no_redis: None) -> None:
    assert ask(at_home).status_code == 503
    assert not MAILS.exists()


def test_no_row_opens_anything(at_home: Client) -> None:
    ask(at_home)
    secrets = [link.split("/")[3] for link in (confirm_link(), stop_link())]
    at_home.get(confirm_link())
    rows = [*Mail.objects.all(), *AuditEvent.objects.all(), *Token.objects.all(), *EmailChange.objects.all()]
    assert rows
    for text in (*(str(vars(row)) for row in rows), str(dict(at_home.session))):
        assert not any(secret in text for secret in secrets)


@pytest.mark.django_db(transaction=True)
def test_asking_twice_at_the_same_moment_leaves_one_change(person: User, visitor: Actor) -> None:
    actor = people.acting(person, seen=visitor)
    asking = [partial(email_changes.ask, actor, user=person, new_email=f"jordan{n}@newco.example") for n in range(4)]
    at_once(asking)
    assert EmailChange.objects.filter(confirmed_at=None, cancelled_at=None).count() == 1
    assert email_changes.waiting(person) is not None


@pytest.mark.django_db(transaction=True)
def test_confirming_and_stopping_at_the_same_moment_is_one_of_them(person: User, visitor: Actor) -> None:
    actor = people.acting(person, seen=visitor)
    email_changes.ask(actor, user=person, new_email=NEW)
    opened = email_changes.opened(confirm_link().split("/")[3])
    secret = stop_link().split("/")[3]
    outcomes = at_once(
        [
            partial(email_changes.confirm, actor, user=person, opened=opened),
            partial(email_changes.confirm, actor, user=User.objects.get(pk=person.pk), opened=opened),
            partial(email_changes.stop, visitor, secret=secret),
        ]
    )
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1
    change = EmailChange.objects.get()
    assert (change.confirmed_at is None) is (address_of(person) != NEW)
    assert len(events("accounts.email.change")) + len(events("accounts.email.stop")) == 1
