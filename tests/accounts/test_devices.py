"""Browsers that are known, mails about those that are not, and “This was not me”."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import AuthenticatorApp, EmailChange, FactorResetState, KnownDevice, Session, User, UserState
from accounts.ports import Contact, FactorRule
from accounts.services import devices, factor_resets, sessions
from core import tokens
from core.models import Mail
from core.outbox import render
from tests.accounts.factors import code_of, with_app
from tests.accounts.stages import (
    ADMINISTRATOR,
    Invited,
    Upstairs,
    activate,
    begin_first,
    choose_password,
    enter,
    events,
    is_signed_in,
    link_in,
    mails,
)

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SECOND = timedelta(seconds=1)


@pytest.fixture
def intruder(person: User) -> Client:
    """Somebody signed in with a new browser, of which a mail told."""
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="198.51.100.66")
    assert enter(client, person.user_id).status_code == 302
    return client


def link() -> str:
    (mail,) = mails("new_device")
    return link_in(mail, "/not-me/").removeprefix("http://localhost:8000")


def test_a_new_browser_is_told_of_once(person: User, intruder: Client) -> None:
    (mail,) = mails("new_device")
    text = render(mail).text
    assert mail.to == person.email
    for told in ("Firefox on Windows", "198.51.100.66", person.user_id):
        assert told in text
    intruder.post("/sign-out/")
    enter(intruder, person.user_id)
    assert len(mails("new_device")) == 1


def test_another_browser_is_told_of_again(person: User, intruder: Client) -> None:
    enter(Client(), person.user_id)
    assert len(mails("new_device")) == 2


def test_not_at_first_time_login(invited: Invited) -> None:
    client = Client()
    begin_first(client, invited.user.user_id, invited.secret)
    choose_password(client)
    assert not mails("new_device")


def test_one_browser_of_two_people_is_new_to_each(person: User, intruder: Client, invited_other: Invited) -> None:
    other = activate(invited_other)
    intruder.post("/sign-out/")
    enter(intruder, other.user_id)
    assert [mail.to for mail in mails("new_device")] == [person.email, other.email]


def test_the_cookie_holds_a_secret_and_the_table_its_digest(
    person: User, intruder: Client, settings: LazySettings
) -> None:
    cookie = intruder.cookies[settings.DEVICE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert cookie["max-age"] == settings.DEVICE_LIFETIME.total_seconds()
    assert len(cookie.value) == 43
    assert cookie.value.encode() not in bytes(KnownDevice.objects.get(user=person).digest)


@pytest.mark.parametrize("forged", ["", "short", "x" * 44, "<script>", "ü" * 43])
def test_a_cookie_that_makes_no_sense_is_replaced(person: User, forged: str, settings: LazySettings) -> None:
    kept = devices.recognise(ADMINISTRATOR, user=person, secret=forged, label="A program", is_first_time=False)
    assert kept != forged
    assert len(kept) == 43


def test_a_forgotten_browser_is_told_of_again(person: User, intruder: Client) -> None:
    device = KnownDevice.objects.get(user=person)
    assert intruder.post(f"/account/devices/{device.pk}/forget/").status_code == 302
    assert is_signed_in(intruder)
    intruder.post("/sign-out/")
    enter(intruder, person.user_id)
    assert len(mails("new_device")) == 2


def test_nobody_forgets_the_browser_of_somebody_else(person: User, intruder: Client, invited_other: Invited) -> None:
    other = Client()
    enter(other, activate(invited_other).user_id)
    device = KnownDevice.objects.get(user=person)
    assert other.post(f"/account/devices/{device.pk}/forget/").status_code == 404
    assert KnownDevice.objects.filter(pk=device.pk).exists()


@pytest.mark.parametrize(("after", "kept"), [(-SECOND, 1), (SECOND, 0)])
def test_a_browser_that_is_not_used_any_more_is_forgotten(
    person: User, intruder: Client, settings: LazySettings, after: timedelta, kept: int
) -> None:
    seen = KnownDevice.objects.get(user=person).last_seen_at
    with time_machine.travel(seen + settings.DEVICE_LIFETIME + after, tick=False):
        devices.sweep()
    assert KnownDevice.objects.filter(user=person).count() == kept


def test_looking_at_the_link_changes_nothing(person: User, intruder: Client) -> None:
    for _ in range(3):
        page = Client().get(link())
        assert page.status_code == 200
        assert person.user_id in page.content.decode()
    assert Client().head(link()).status_code == 200
    assert is_signed_in(intruder)
    assert enter(Client(), person.user_id).status_code == 302


def test_this_was_not_me_locks_everybody_out(person: User, intruder: Client) -> None:
    assert Client().post(link()).status_code == 200
    assert not is_signed_in(intruder)
    assert enter(Client(), person.user_id).status_code == 422
    assert not KnownDevice.objects.filter(user=person).exists()
    assert not Session.objects.filter(user=person, signed_in_at__isnull=False).exists()
    (event,) = events("accounts.device.disown")
    assert (event.actor_label, event.target_id) == (person.user_id, str(person.pk))


def test_the_way_back_is_forgot_password(person: User, intruder: Client) -> None:
    Client().post(link())
    (told,) = mails("sign_in_disowned")
    assert link_in(told, "/forgot-password/")
    client = Client()
    client.post("/forgot-password/", {"identifier": person.user_id})
    (mail,) = mails("password_reset")
    reset = link_in(mail, "/forgot-password/").removeprefix("http://localhost:8000")
    new = "nine kettles under glass"
    assert client.post(reset, {"password": new, "repeated": new}).status_code == 302
    assert enter(client, person.user_id, new).status_code == 302
    assert is_signed_in(client)


def test_the_link_works_once(person: User, intruder: Client) -> None:
    address = link()
    assert Client().post(address).status_code == 200
    assert Client().get(address).status_code == 410
    assert Client().post(address).status_code == 410
    assert len(events("accounts.device.disown")) == 1


def test_using_one_link_ends_the_others(person: User, intruder: Client) -> None:
    first = link()
    enter(Client(), person.user_id)
    latest = mails("new_device")[-1]
    assert Client().post(link_in(latest, "/not-me/").removeprefix("http://localhost:8000")).status_code == 200
    assert Client().get(first).status_code == 410


@pytest.mark.parametrize(("after", "status"), [(-SECOND, 200), (SECOND, 410)])
def test_the_link_ends_by_time(
    person: User, intruder: Client, settings: LazySettings, after: timedelta, status: int
) -> None:
    address = link()
    (mail,) = mails("new_device")
    with time_machine.travel(mail.created_at + settings.NOT_ME_LIFETIME + after):
        assert Client().get(address).status_code == status


def test_a_made_up_link_opens_nothing(db: None) -> None:
    assert Client().get("/not-me/made-up/").status_code == 404
    assert Client().post("/not-me/made-up/").status_code == 404


def test_an_intruder_cannot_end_the_link(person: User, intruder: Client) -> None:
    address = link()
    sessions.end_all(ADMINISTRATOR, user=person)
    devices.forget(ADMINISTRATOR, device=KnownDevice.objects.get(user=person))
    tokens.revoke_owned_by(person.id)
    assert Client().post(address).status_code == 200


def test_factors_that_came_with_the_intruder_go(person: User, settings: LazySettings) -> None:
    early = timezone.now() - settings.SIGN_IN_WINDOW - timedelta(minutes=1)
    with time_machine.travel(early):
        own = with_app(person)
    AuthenticatorApp.objects.filter(pk=own.pk).update(created_at=early, name="Own")
    devices.recognise(ADMINISTRATOR, user=person, secret="", label="Firefox", is_first_time=False)
    AuthenticatorApp.objects.create(user=person, name="Theirs", confirmed=True, key_sealed=own.key_sealed)
    Client().post(link())
    assert [app.name for app in AuthenticatorApp.objects.filter(user=person)] == ["Own"]
    (event,) = events("accounts.factor.remove")
    assert event.data["name"] == "Theirs"


def by_mail_alone(client: Client, user: User) -> int:
    """How many links to another password whoever reads the mail of ``user`` gets."""
    client.post("/forgot-password/", {"identifier": user.user_id})
    return len(mails("password_reset"))


def test_a_mail_alone_does_not_take_the_last_factor_away(person: User, upstairs: Upstairs) -> None:
    """Somebody in the mailbox disowns what the owner did an hour after setting up the one factor there is."""
    upstairs.rule = FactorRule(required=True)
    app = with_app(person)
    owner = Client()
    enter(owner, person.user_id)
    owner.post("/sign-in/second-factor/", {"code": code_of(app)})
    assert is_signed_in(owner)

    thief = Client(REMOTE_ADDR="198.51.100.66")
    page = thief.post(link())
    assert page.status_code == 200
    assert "One-Time Password" in page.content.decode()
    person.refresh_from_db()
    assert person.state == UserState.INVITED
    assert by_mail_alone(thief, person) == 0
    (told,) = mails("sign_in_disowned")
    assert link_in(told, "/first-time-login/")
    (notice,) = mails("sign_in_disowned_notice")
    assert "before you have made sure who asks" in render(notice).text


def test_an_older_factor_stands_in_the_way_of_a_mail(person: User, settings: LazySettings) -> None:
    early = timezone.now() - settings.SIGN_IN_WINDOW - timedelta(minutes=1)
    own = with_app(person)
    AuthenticatorApp.objects.filter(pk=own.pk).update(created_at=early)
    devices.recognise(ADMINISTRATOR, user=person, secret="", label="Firefox", is_first_time=False)
    thief = Client()
    thief.post(link())
    assert by_mail_alone(thief, person) == 1
    reset = link_in(mails("password_reset")[0], "/forgot-password/").removeprefix("http://localhost:8000")
    new = "nine kettles under glass"
    thief.post(reset, {"password": new, "repeated": new})
    assert enter(thief, person.user_id, new)["Location"] == "/sign-in/second-factor/"


def test_what_the_intruder_asked_for_is_withdrawn(person: User, intruder: Client) -> None:
    with_app(person)
    reset = factor_resets.ask(ADMINISTRATOR, user=person, message="It fell into the harbour.")
    Client().post(link())
    reset.refresh_from_db()
    assert reset.state == FactorResetState.WITHDRAWN


def test_who_took_the_address_over_gets_no_mail_to_go_on_with(person: User, intruder: Client) -> None:
    EmailChange.objects.create(
        user=person, new_email="theirs@elsewhere.example", expires_at=timezone.now(), confirmed_at=timezone.now()
    )
    Client().post(link())
    person.refresh_from_db()
    assert person.state == UserState.INVITED
    assert by_mail_alone(intruder, person) == 0


def test_the_administrators_are_told(
    person: User, intruder: Client, invited_other: Invited, upstairs: Upstairs
) -> None:
    helper = activate(invited_other)
    upstairs.contacts = {
        person.user_id: [Contact(name=helper.full_name, email=helper.email, company="Hawker", user=helper)]
    }
    Client().post(link())
    (mail,) = mails("sign_in_disowned_notice")
    assert mail.to == helper.email
    text = render(mail).text
    assert person.full_name in text
    assert "Hawker" in text


def test_where_nobody_looks_after_an_account_support_is_told(
    person: User, intruder: Client, settings: LazySettings
) -> None:
    Client().post(link())
    (mail,) = mails("sign_in_disowned_notice")
    assert mail.to == settings.SUPPORT_EMAIL
    assert person.user_id in render(mail).text


def test_nothing_of_it_shows_a_secret(person: User, intruder: Client, settings: LazySettings) -> None:
    secret = intruder.cookies[settings.DEVICE_COOKIE_NAME].value
    token = link().split("/")[2]
    Client().post(link())
    written = [str(mail.context) for mail in Mail.objects.all()] + [
        str(event.data) for event in events("accounts.device.disown")
    ]
    assert not [text for text in written if secret in text or token in text]
