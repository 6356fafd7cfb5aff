"""Own passwords: reset by mail, changed by somebody who knows the current one; and the reminder of a User ID."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.services import first_login, passwords, people
from core import tokens
from core.actor import Actor
from core.errors import Gone
from core.models import AuditEvent, Mail, Outcome, Token
from core.outbox import render
from tests.accounts.factors import with_app
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    comparable,
    enter,
    events,
    is_signed_in,
    link_in,
    mails,
)

NEW = "eleven quiet lighthouses"
ONE_SECOND = timedelta(seconds=1)


def ask(client: Client, identifier: str) -> object:
    return client.post("/forgot-password/", {"identifier": identifier})


def reset_link(client: Client, person: User) -> str:
    ask(client, person.email)
    return urlsplit(link_in(mails("password_reset")[-1], "/forgot-password/")).path


def follow(client: Client, link: str, password: str = NEW) -> int:
    return client.post(link, {"password": password, "repeated": password}).status_code


def change(client: Client, current: str = PASSWORD, password: str = NEW, repeated: str = "") -> int:
    given = {"current_password": current, "password": password, "repeated": repeated or password}
    return client.post("/account/password/", given).status_code


def test_the_link_of_the_mail_sets_a_new_password_and_signs_nobody_in(client: Client, person: User) -> None:
    link = reset_link(client, person)
    assert client.get(link).status_code == 200
    response = client.post(link, {"password": NEW, "repeated": NEW})
    assert response["Location"] == "/sign-in/"
    assert not is_signed_in(client)
    assert enter(Client(), person.user_id).status_code == 422
    assert enter(client, person.user_id, NEW).status_code == 302
    assert [mail.to for mail in mails("password_changed")] == [person.email]
    assert [event.actor_label for event in events("accounts.password.reset")] == [person.user_id]


def test_the_link_works_once(client: Client, person: User) -> None:
    link = reset_link(client, person)
    assert follow(client, link) == 302
    response = client.post(link, {"password": PASSWORD, "repeated": PASSWORD})
    assert response.status_code == 410
    assert "Ask for a new link" in response.content.decode()
    assert enter(client, person.user_id, NEW).status_code == 302


def test_looking_at_the_link_uses_nothing_up(client: Client, person: User) -> None:
    link = reset_link(client, person)
    for _ in range(5):
        assert client.get(link, {"password": NEW, "repeated": NEW}).status_code == 200
        assert client.head(link).status_code == 200
    assert Token.objects.get().used_at is None
    assert follow(client, link) == 302


@pytest.mark.parametrize(("late_by", "status"), [(-ONE_SECOND, 302), (ONE_SECOND, 410)])
def test_the_link_ends_after_an_hour(client: Client, person: User, late_by: timedelta, status: int) -> None:
    asked = timezone.now()
    with time_machine.travel(asked, tick=False):
        link = reset_link(client, person)
    with time_machine.travel(asked + timedelta(hours=1) + late_by, tick=False):
        assert follow(client, link) == status


def test_a_new_password_ends_every_link(client: Client, person: User) -> None:
    first, second = reset_link(client, person), reset_link(client, person)
    assert follow(client, second) == 302
    assert follow(client, first) == 410


def test_a_new_address_ends_every_link(client: Client, person: User) -> None:
    link = reset_link(client, person)
    person.email = "jordan.new@hawker.example"
    person.save()
    assert follow(client, link) == 410
    assert enter(client, person.user_id).status_code == 302


def test_a_suspended_account_is_not_reset(client: Client, person: User) -> None:
    link = reset_link(client, person)
    people.suspend(ADMINISTRATOR, user=person, reason="Left the project.")
    assert follow(client, link) == 410


@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00", "TOKEN"])
def test_a_link_nobody_sent_opens_nothing(client: Client, db: None, secret: str) -> None:
    response = client.get(f"/forgot-password/{secret}/")
    assert response.status_code == 404
    assert "Ask for a new link" in response.content.decode()


def test_a_refused_password_leaves_the_link_alive(client: Client, person: User) -> None:
    link = reset_link(client, person)
    assert follow(client, link, "passwordpassword") == 422
    assert follow(client, link) == 302


def test_a_reset_ends_every_session(client: Client, person: User) -> None:
    enter(client, person.user_id)
    visitor = Client()
    follow(visitor, reset_link(visitor, person))
    assert not is_signed_in(client)


def test_known_and_unknown_get_the_same_page(person: User, invited_other: Invited) -> None:
    suspended = invited_other.user
    people.suspend(ADMINISTRATOR, user=suspended, reason="Wrong person.")
    for path, field in (("/forgot-password/", "identifier"), ("/forgot-user-id/", "email")):
        pages = set()
        for typed in (person.email, suspended.email, "nobody@hawker.example"):
            response = Client().post(path, {field: typed})
            pages.add((response.status_code, comparable(response.content, typed)))
        assert len(pages) == 1, path


def test_only_the_owner_gets_mail(client: Client, person: User) -> None:
    ask(client, "nobody@hawker.example")
    client.post("/forgot-user-id/", {"email": "nobody@hawker.example"})
    assert not Mail.objects.exists()
    ask(client, person.user_id.upper())
    client.post("/forgot-user-id/", {"email": person.email.upper()})
    assert {mail.to for mail in Mail.objects.all()} == {person.email}
    assert [event.outcome for event in events("accounts.password.request_reset")] == [Outcome.REFUSED, Outcome.DONE]
    assert [event.outcome for event in events("accounts.user_id.remind")] == [Outcome.REFUSED, Outcome.DONE]


def test_the_link_has_the_configured_address_whatever_the_host_header_says(
    person: User, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask(Client(SERVER_NAME="evil.example"), person.email)
    (mail,) = mails("password_reset")
    assert link_in(mail, "/forgot-password/").startswith(settings.BASE_URL)
    assert "evil.example" not in str(render(mail))


def test_no_row_of_the_outbox_or_the_trail_opens_anything(client: Client, person: User) -> None:
    secret = reset_link(client, person).split("/")[2]
    assert len(secret) == 43
    for row in (*Mail.objects.all(), *AuditEvent.objects.all(), *Token.objects.all()):
        assert secret not in str(vars(row))


def test_the_token_page_keeps_its_address_to_itself(client: Client, person: User) -> None:
    response = client.get(reset_link(client, person))
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"


def test_somebody_who_was_never_in_is_told_how_to_begin(client: Client, invited: Invited) -> None:
    ask(client, invited.user.email)
    assert not mails("password_reset")
    (mail,) = mails("first_login_first")
    assert link_in(mail, "/first-time-login/")
    assert invited.user.user_id in render(mail).text


def test_the_reminder_names_the_user_id(client: Client, person: User) -> None:
    client.post("/forgot-user-id/", {"email": person.email})
    (mail,) = mails("user_id_reminder")
    rendered = render(mail)
    assert f"Your User ID is: {person.user_id}" in rendered.text
    assert person.user_id in rendered.html
    assert rendered.subject == "Your MAG User ID"


def test_the_owner_is_told_of_a_change_and_what_to_do_if_it_was_not_them(client: Client, person: User) -> None:
    enter(client, person.user_id)
    change(client)
    (mail,) = mails("password_changed")
    rendered = render(mail)
    assert rendered.subject == "Your MAG password was changed"
    assert f"The password for the User ID {person.user_id} was changed on" in rendered.text
    assert link_in(mail, "/forgot-password/") in rendered.html
    assert NEW not in str(rendered)


def test_asking_too_often_is_told_to_wait_known_or_not(person: User) -> None:
    for typed in (person.email, "nobody@hawker.example"):
        statuses = [
            Client(REMOTE_ADDR=f"203.0.113.{number}").post("/forgot-password/", {"identifier": typed}).status_code
            for number in range(6)
        ]
        assert statuses == [200] * 5 + [429]


def test_without_redis_no_mail_is_asked_for(client: Client, person: User, no_redis: None) -> None:
    assert client.post("/forgot-password/", {"identifier": person.email}).status_code == 503
    assert client.post("/forgot-user-id/", {"email": person.email}).status_code == 503
    assert not Mail.objects.exists()


def test_a_change_keeps_this_session_and_ends_the_others(client: Client, person: User) -> None:
    other = Client()
    enter(client, person.user_id)
    enter(other, person.user_id)
    before = client.session.session_key
    assert change(client) == 302
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert not is_signed_in(other)
    assert enter(other, person.user_id, NEW).status_code == 302
    assert [mail.to for mail in mails("password_changed")] == [person.email]
    assert [event.outcome for event in events("accounts.password.change")] == [Outcome.DONE]


@pytest.mark.parametrize(
    "given",
    [
        {"current": "wrong wrong wrong"},
        {"password": "fourteen chars"},
        {"password": PASSWORD},
        {"repeated": "something else here"},
        {"current": ""},
    ],
)
def test_a_change_that_is_refused_changes_nothing(client: Client, person: User, given: dict[str, str]) -> None:
    enter(client, person.user_id)
    assert change(client, **given) == 422
    assert not mails("password_changed")
    assert enter(Client(), person.user_id).status_code == 302
    assert change(client) == 302


def test_guessing_the_current_password_is_stopped(client: Client, person: User) -> None:
    enter(client, person.user_id)
    statuses = [change(client, current=f"wrong guess {number}") for number in range(11)]
    assert statuses == [422] * 10 + [429]
    assert change(client) == 429


def test_wrong_current_passwords_count_among_those_that_switch_it_off(client: Client, person: User) -> None:
    enter(client, person.user_id)
    change(client, current="wrong guess")
    person.refresh_from_db()
    assert person.failed_tries == 1
    change(client, password="too short")
    person.refresh_from_db()
    assert person.failed_tries == 0


def test_a_change_needs_somebody_signed_in(client: Client, person: User) -> None:
    assert change(client) == 302
    assert enter(client, person.user_id).status_code == 302


def test_a_change_leaves_no_row_and_no_token_of_the_sessions_it_ended(client: Client, person: User) -> None:
    enter(Client(), person.user_id)
    enter(client, person.user_id)
    token = tokens.issue("upload", person.id, lifetime=timedelta(hours=1), owner_id=person.id)
    assert change(client) == 302
    assert [row.session_key for row in Session.objects.filter(user=person)] == [client.session.session_key]
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_an_intruder_who_signs_out_does_not_end_the_link_of_the_owner(client: Client, person: User) -> None:
    enter(client, person.user_id)
    link = reset_link(Client(), person)
    client.post("/sign-out/")
    assert Client().get(link).status_code == 200


def test_a_new_password_is_a_fresh_proof(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/account/phone/")["Location"].startswith("/account/confirm/")
    assert change(client) == 302
    assert client.get("/account/phone/").status_code == 200


@pytest.mark.parametrize(
    "password",
    [
        "Zwölf Bücher über Boxkämpfer " + "漢字かな交じり文 " * 11,
        "   spaces around it   are kept   ",
        "🚀 🛰 🌍 🌕 🪐 ☄️ 🌌 🔭 👽 🛸",
        "correct" + "".join(chr(0x4E00 + 7 * number) for number in range(121)),
    ],
)
def test_every_letter_and_every_sign_counts(client: Client, person: User, password: str) -> None:
    enter(client, person.user_id)
    assert change(client, password=password) == 302
    assert enter(Client(), person.user_id, password).status_code == 302
    for other in (password[:-1], password[:72], password.strip() + "x", password.swapcase() + "x"):
        assert other == password or enter(Client(REMOTE_ADDR="203.0.113.77"), person.user_id, other).status_code == 422


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_keyboard_that_composes_letters_differently_types_the_same_password(
    client: Client, person: User, form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    password = "Fährt Égalité über ﬁnstere Flüsse"
    enter(client, person.user_id)
    assert change(client, password=password) == 302
    assert enter(Client(), person.user_id, unicodedata.normalize(form, password)).status_code == 302


@pytest.mark.parametrize("password", ["fourteen chars", "nul\0in the middle of it", "y" * 257, "ﷺ" * 15 + "abc" * 80])
def test_what_cannot_be_a_password_is_told_beside_the_field(client: Client, person: User, password: str) -> None:
    enter(client, person.user_id)
    given = {"current_password": PASSWORD, "password": password, "repeated": password}
    response = client.post("/account/password/", given)
    assert response.status_code == 422
    assert response.context["form"].errors["password"]
    assert password not in response.content.decode()


def test_the_pages_say_the_rule_and_take_a_paste(client: Client, person: User) -> None:
    enter(client, person.user_id)
    for path in ("/account/password/", reset_link(client, person)):
        page = client.get(path).content.decode()
        assert "At least 15 characters, and up to 256" in page
        assert "none is required" in page
        assert 'autocomplete="new-password"' in page
        assert "onpaste" not in page


def test_a_reset_skips_no_second_factor(client: Client, person: User) -> None:
    with_app(person)
    assert follow(client, reset_link(client, person)) == 302
    assert enter(client, person.user_id, NEW)["Location"] == "/sign-in/second-factor/"
    assert not is_signed_in(client)


def test_a_reset_opens_a_password_that_was_switched_off(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(failed_tries=100, password_off_at=timezone.now())
    assert enter(client, person.user_id).status_code == 422
    assert follow(client, reset_link(client, person)) == 302
    person.refresh_from_db()
    assert (person.failed_tries, person.password_off_at) == (0, None)
    assert enter(client, person.user_id, NEW).status_code == 302


def test_whoever_is_still_in_first_time_login_may_reset_the_password_they_chose(
    client: Client, visitor: Actor, invited: Invited
) -> None:
    person = invited.user
    begun = first_login.begin(visitor, user_id=person.user_id, secret=invited.secret)
    ask(client, person.email)
    assert not mails("password_reset")
    first_login.choose_password(visitor, sign_in=begun, password=PASSWORD)
    assert follow(client, reset_link(client, person)) == 302
    assert enter(client, person.user_id, NEW).status_code == 302


def test_two_changes_at_once_leave_one_password(client: Client, person: User) -> None:
    one, other = User.objects.get(pk=person.pk), User.objects.get(pk=person.pk)
    passwords.change(ADMINISTRATOR, user=one, current_password=PASSWORD, password=NEW)
    with pytest.raises(Gone):
        passwords.change(ADMINISTRATOR, user=other, current_password=PASSWORD, password="twelve loud lighthouses")
    assert enter(client, person.user_id, NEW).status_code == 302
