"""How long a session lasts, what keeps it alive, and what its person sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.services import sessions
from core import tokens
from tests.accounts.stages import enter, is_signed_in

SECOND = timedelta(seconds=1)
BY_ITSELF = {"X-Unattended": "1", "Accept": "application/json"}


@dataclass(frozen=True)
class Limited:
    """Somebody, and how long their sessions may last."""

    user: User
    idle: timedelta
    absolute: timedelta


@pytest.fixture
def start() -> datetime:
    return timezone.now().replace(microsecond=0)


def sign_in_at(start: datetime, user: User) -> Client:
    client = Client()
    with time_machine.travel(start, tick=False):
        assert enter(client, user.user_id).status_code == 302
    return client


def is_signed_in_at(moment: datetime, client: Client) -> bool:
    with time_machine.travel(moment, tick=False):
        return is_signed_in(client)


def time_left_at(moment: datetime, client: Client) -> Any:
    with time_machine.travel(moment, tick=False):
        return client.get("/account/session/", headers=BY_ITSELF)


@pytest.fixture(params=["person", "staff"])
def limited(request: pytest.FixtureRequest, settings: LazySettings) -> Limited:
    user = request.getfixturevalue(request.param)
    if request.param == "staff":
        return Limited(user, settings.SESSION_IDLE_STAFF, settings.SESSION_ABSOLUTE_STAFF)
    return Limited(user, settings.SESSION_IDLE, settings.SESSION_ABSOLUTE)


@pytest.mark.parametrize(("after", "alive"), [(-SECOND, True), (timedelta(0), False)])
def test_an_idle_session_ends(limited: Limited, start: datetime, after: timedelta, *, alive: bool) -> None:
    client = sign_in_at(start, limited.user)
    assert is_signed_in_at(start + limited.idle + after, client) is alive


@pytest.mark.parametrize(("after", "alive"), [(-SECOND, True), (timedelta(0), False)])
def test_an_old_session_ends_however_busy(limited: Limited, start: datetime, after: timedelta, *, alive: bool) -> None:
    client = sign_in_at(start, limited.user)
    token = tokens.issue("upload", limited.user.id, lifetime=timedelta(days=9), owner_id=limited.user.id)
    end = start + limited.absolute
    moment = start
    while moment < end - limited.idle:
        moment += limited.idle - SECOND
        assert is_signed_in_at(min(moment, end - SECOND), client)
    assert is_signed_in_at(end + after, client) is alive
    with time_machine.travel(end + after, tick=False):
        sessions.sweep()
    token.refresh_from_db()
    assert (tokens.ended_because(token) == "") is alive
    assert Session.objects.filter(user=limited.user, signed_in_at__isnull=False).exists() is alive


def test_limits_that_became_shorter_count_at_once(person: User, start: datetime, settings: LazySettings) -> None:
    client = sign_in_at(start, person)
    token = tokens.issue("upload", person.id, lifetime=timedelta(days=9), owner_id=person.id)
    settings.SESSION_ABSOLUTE = timedelta(minutes=5)
    assert is_signed_in_at(start + timedelta(minutes=5) - SECOND, client)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    settings.SESSION_ABSOLUTE_STAFF = timedelta(minutes=4)
    assert not is_signed_in_at(start + timedelta(minutes=4), client)
    token.refresh_from_db()
    assert tokens.ended_because(token) == "revoked"


def test_the_limits_are_those_that_were_promised(settings: LazySettings) -> None:
    hour = timedelta(hours=1)
    assert (hour, 24 * hour) >= (settings.SESSION_IDLE, settings.SESSION_ABSOLUTE)
    assert (hour / 4, 12 * hour) >= (settings.SESSION_IDLE_STAFF, settings.SESSION_ABSOLUTE_STAFF)
    assert settings.SESSION_WARNING.total_seconds() >= 20  # WCAG 2.2.1


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(
    person: User, start: datetime, settings: LazySettings
) -> None:
    client = sign_in_at(start, person)
    nearly = start + settings.SESSION_IDLE - 10 * SECOND
    told = time_left_at(nearly, client).json()
    assert (told["left"], told["can_extend"], told["person"]) == (10, True, person.user_id)
    assert time_left_at(nearly + 9 * SECOND, client).json()["left"] == 1
    assert time_left_at(nearly + 10 * SECOND, client).status_code == 401


def test_staying_does(person: User, start: datetime, settings: LazySettings) -> None:
    client = sign_in_at(start, person)
    nearly = start + settings.SESSION_IDLE - 10 * SECOND
    with time_machine.travel(nearly, tick=False):
        told = client.post("/account/session/extend/", headers={"Accept": "application/json"}).json()
    assert told["left"] == settings.SESSION_IDLE.total_seconds()
    assert is_signed_in_at(nearly + settings.SESSION_IDLE - SECOND, client)


def test_nobody_stays_beyond_the_last_moment(person: User, start: datetime, settings: LazySettings) -> None:
    client = sign_in_at(start, person)
    Session.objects.update(expire_date=start + 2 * settings.SESSION_ABSOLUTE)
    data = Session.objects.get(user=person).get_decoded()
    nearly = start + settings.SESSION_ABSOLUTE - 30 * SECOND
    data["last_seen_at"] = nearly.isoformat()
    Session.objects.update(session_data=Session.objects.encode(data))
    told = time_left_at(nearly, client).json()
    assert (told["left"], told["can_extend"]) == (30, False)
    with time_machine.travel(nearly, tick=False):
        assert client.post("/account/session/extend/", headers={"Accept": "application/json"}).json()["left"] == 30


def test_staying_takes_a_post_with_a_token(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.get("/account/session/extend/").status_code == 405
    assert client.post("/account/session/extend/").status_code == 403
    token = client.get("/account/session/", headers=BY_ITSELF).json()["token"]
    assert client.post("/account/session/extend/", {"csrfmiddlewaretoken": token}).status_code == 200


def test_strangers_learn_nothing_of_it(db: None) -> None:
    assert Client().get("/account/session/", headers=BY_ITSELF).status_code == 401
    assert Client().get("/account/session/")["Location"].startswith("/sign-in/")


def test_pages_of_the_portal_and_of_the_back_office_carry_the_warning(person: User, staff: User, db: None) -> None:
    client = Client()
    client.force_login(staff)
    for page in ("/account/", "/admin/"):
        html = client.get(page).content.decode()
        assert "data-session " in html, page
        assert 'data-left="899"' in html or 'data-left="900"' in html, page
    assert "data-session " not in Client().get("/sign-in/").content.decode()


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Europe/Berlin", "10:30"), ("America/New_York", "04:30"), ("nowhere/at all", "09:30"), ("", "09:30")],
)
def test_times_are_those_of_the_readers_clock(person: User, zone: str, shown: str) -> None:
    User.objects.filter(pk=person.pk).update(time_zone=zone)
    morning = datetime.fromisoformat("2026-11-25T09:30:00+00:00")
    client = sign_in_at(morning, person)
    with time_machine.travel(morning + timedelta(minutes=30), tick=False):
        assert f"25 November 2026, {shown}" in client.get("/account/sessions/").content.decode()
    assert timezone.get_current_timezone_name() == "UTC"


def test_words_are_in_the_readers_language(person: User, settings: LazySettings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    User.objects.filter(pk=person.pk).update(language="de")
    client = Client()
    client.force_login(person)
    assert client.get("/account/sessions/")["Content-Language"] == "de"
    User.objects.filter(pk=person.pk).update(language="tlh")
    assert client.get("/account/sessions/")["Content-Language"] == "en"


def test_a_proof_inside_a_session_brings_a_new_key(person: User) -> None:
    start = timezone.now()
    client = sign_in_at(start, person)
    key = client.cookies["session"].value
    with time_machine.travel(start + timedelta(minutes=20)):
        client.post("/account/confirm/?next=/account/", {"password": "violet anchors drift at noon"})
    assert client.cookies["session"].value != key
    assert not Session.objects.filter(session_key=key).exists()


def test_a_key_planted_before_signing_in_opens_nothing(person: User) -> None:
    planted = Client()
    planted.post("/sign-in/", {"identifier": "x"})
    victim = Client()
    victim.cookies["session"] = planted.session.session_key or "planted"
    enter(victim, person.user_id)
    assert is_signed_in(victim)
    assert victim.cookies["session"].value != planted.session.session_key
    assert not is_signed_in(planted)
