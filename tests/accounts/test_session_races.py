"""Requests of one session that cross each other: one ends it or gives it another key while the other is under way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from accounts.models import Session, User
from accounts.services import sessions
from accounts.session_store import SessionStore
from core.http import Request
from mag_portal.urls import urlpatterns as portal
from tests.accounts.stages import ADMINISTRATOR, enter, is_signed_in

pytestmark = pytest.mark.urls(__name__)


def ended_meanwhile(request: Request) -> HttpResponse:
    """Done, and while it was, somebody ended the session."""
    assert isinstance(request.user, User)
    sessions.end_all(ADMINISTRATOR, user=request.user)
    return HttpResponse("done")


def renewed_meanwhile(request: Request) -> HttpResponse:
    """Done, and while it was, another request gave the session another key."""
    other = SessionStore(request.session.session_key)
    other.cycle_key()
    other.save()
    return HttpResponse(other.session_key or "")


def renewed_twice(request: Request) -> HttpResponse:
    """What asks for another key, while another request got one."""
    other = SessionStore(request.session.session_key)
    dict(request.session.items())
    other.cycle_key()
    other.save()
    request.session.cycle_key()
    return HttpResponse(other.session_key or "")


def renewed_after_the_end(request: Request) -> HttpResponse:
    """What asks for another key, while somebody ended this session alone."""
    assert isinstance(request.user, User)
    sessions.end_one(ADMINISTRATOR, session=Session.objects.get(session_key=request.session.session_key))
    request.session.cycle_key()
    return HttpResponse(request.session.session_key or "")


urlpatterns = [
    path("ended/", ended_meanwhile),
    path("renewed-twice/", renewed_twice),
    path("renewed-after-the-end/", renewed_after_the_end),
    path("renewed/", renewed_meanwhile),
    *portal,
]


@pytest.fixture
def here(person: User) -> Client:
    client = Client()
    enter(client, person.user_id)
    assert is_signed_in(client)
    return client


def test_what_was_done_is_answered_and_the_session_stays_ended(person: User, here: Client) -> None:
    response = here.get("/ended/")
    assert (response.status_code, response.content) == (200, b"done")
    assert "session" not in response.cookies
    assert not Session.objects.filter(user=person).exists()
    assert not is_signed_in(here)


def test_a_late_answer_leaves_the_cookie_of_the_new_key_alone(here: Client) -> None:
    old = here.cookies["session"].value
    response = here.get("/renewed/")
    assert response.status_code == 200
    assert "session" not in response.cookies
    here.cookies["session"] = response.content.decode()
    late = Client()
    late.cookies["session"] = old
    assert "session" not in late.get("/account/").cookies
    assert is_signed_in(here)


def test_the_request_that_ends_it_takes_the_cookie_away(here: Client, settings: LazySettings) -> None:
    settings.SESSION_ABSOLUTE = timedelta(0)
    cookie = here.get("/account/session/", headers={"Accept": "application/json"}).cookies["session"]
    assert (cookie.value, cookie["max-age"]) == ("", 0)


def test_signing_out_leaves_another_key_to_nobody(here: Client) -> None:
    before = here.cookies["session"].value
    here.post("/sign-out/")
    assert here.cookies["session"].value != before
    assert Session.objects.get(session_key=here.cookies["session"].value).user is None


def test_a_key_keeps_its_public_id_and_its_place_in_the_list(person: User, here: Client) -> None:
    before = Session.objects.get(user=person)
    response = here.get("/renewed/")
    after = Session.objects.get(user=person)
    assert after.session_key == response.content.decode() != before.session_key
    assert (after.public_id, after.signed_in_at) == (before.public_id, before.signed_in_at)


def test_of_two_requests_that_renew_the_key_one_does(person: User, here: Client) -> None:
    response = here.get("/renewed-twice/")
    assert response.status_code == 200
    assert "session" not in response.cookies
    assert Session.objects.get(user=person).session_key == response.content.decode()
    here.cookies["session"] = response.content.decode()
    assert is_signed_in(here)


def test_a_session_that_was_ended_does_not_come_back_under_another_key(person: User, here: Client) -> None:
    response = here.get("/renewed-after-the-end/")
    assert response.status_code == 200
    assert not Session.objects.filter(user=person).exists()
    late = Client()
    late.cookies["session"] = response.content.decode()
    assert not is_signed_in(late)
    assert not is_signed_in(here)
