"""Where somebody is signed in: seen and ended by its owner, and ended by everything that takes a right away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import Session, User
from accounts.ports import FactorRule
from accounts.services import one_time_passwords, passwords, people, sessions
from accounts.session_store import SessionStore
from core import tokens
from core.actor import Actor
from core.errors import NotAllowed
from core.models import Token
from tests.accounts.stages import ADMINISTRATOR, PASSWORD, Invited, Upstairs, activate, enter, events, is_signed_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 Version/19.0 Mobile Safari/604.1"
ANOTHER_PASSWORD = "nine kettles under glass"


@pytest.fixture
def here(person: User) -> Client:
    return signed_in(person, FIREFOX)


@pytest.fixture
def there(person: User) -> Client:
    return signed_in(person, SAFARI, address="198.51.100.20")


def signed_in(user: User, agent: str = FIREFOX, address: str = "203.0.113.5") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    assert enter(client, user.user_id).status_code == 302
    return client


def row_of(client: Client) -> Session:
    return Session.objects.get(session_key=client.cookies["session"].value)


def upload_token(user: User) -> Token:
    return tokens.issue("upload", uuid4(), lifetime=timedelta(hours=1), owner_id=user.id)


def is_alive(token: Token) -> bool:
    token.refresh_from_db()
    return not tokens.ended_because(token)


def test_the_owner_sees_browser_address_and_times(person: User, here: Client, there: Client) -> None:
    page = here.get("/account/sessions/").content.decode()
    for seen in ("Firefox on Windows", "Safari on iPhone", "203.0.113.5", "198.51.100.20", "This session"):
        assert seen in page
    assert page.count("This session") == 1


def test_no_page_shows_a_key(person: User, here: Client, there: Client) -> None:
    page = here.get("/account/sessions/").content.decode()
    for client in (here, there):
        assert client.cookies["session"].value not in page


def test_a_session_on_the_way_in_is_in_no_list(person: User, here: Client, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    half = Client(headers={"User-Agent": SAFARI})
    assert enter(half, person.user_id)["Location"] == "/sign-in/set-up/"
    assert Session.objects.filter(user=person).count() == 2
    page = here.get("/account/sessions/").content.decode()
    assert "Firefox on Windows" in page
    assert str(row_of(half).public_id) not in page


def test_the_owner_ends_one_session(person: User, here: Client, there: Client) -> None:
    token = upload_token(person)
    response = here.post(f"/account/sessions/{row_of(there).public_id}/end/")
    assert (response.status_code, response["Location"]) == (302, "/account/sessions/")
    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert not is_alive(token)
    (event,) = events("accounts.session.end_one")
    assert (event.target_id, event.data["device"]) == (str(person.pk), "Safari on iPhone")


def test_ending_ones_own_session_is_signing_out(person: User, here: Client) -> None:
    response = here.post(f"/account/sessions/{row_of(here).public_id}/end/")
    assert response["Location"] == "/sign-in/"
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(here)


def test_everywhere_else(person: User, here: Client, there: Client) -> None:
    third = signed_in(person)
    here.post("/account/sessions/end-others/")
    assert [is_signed_in(client) for client in (here, there, third)] == [True, False, False]
    (event,) = events("accounts.session.end_all")
    assert event.data == {"sessions": 2}


def test_everywhere(person: User, here: Client, there: Client) -> None:
    assert here.post("/account/sessions/end-all/")["Location"] == "/sign-in/"
    assert [is_signed_in(client) for client in (here, there)] == [False, False]


def test_nobody_ends_the_session_of_somebody_else(person: User, here: Client, invited_other: Invited) -> None:
    other = signed_in(activate(invited_other))
    assert other.post(f"/account/sessions/{row_of(here).public_id}/end/").status_code == 404
    assert other.post(f"/account/sessions/{row_of(other).public_id}/end/").status_code == 302
    assert is_signed_in(here)


@pytest.mark.parametrize("page", ["{session}/end/", "end-others/", "end-all/"])
def test_ending_asks_for_a_fresh_proof(
    person: User, here: Client, there: Client, settings: LazySettings, page: str
) -> None:
    address = "/account/sessions/" + page.format(session=row_of(there).public_id)
    with time_machine.travel(timezone.now() + settings.CONFIRMED_FOR + timedelta(seconds=1)):
        assert here.post(address)["Location"].startswith("/account/confirm/")
        assert is_signed_in(there)


def test_a_session_that_ended_is_not_there_any_more(person: User, here: Client, there: Client) -> None:
    address = f"/account/sessions/{row_of(there).public_id}/end/"
    there.post("/sign-out/")
    assert here.post(address).status_code == 404


def suspend(user: User) -> None:
    people.suspend(ADMINISTRATOR, user=user, reason="Left the project.")


def close(user: User) -> None:
    people.close(ADMINISTRATOR, user=user, reason="Left the company.")


def reissue(user: User) -> None:
    one_time_passwords.issue(ADMINISTRATOR, user=user, secret_hash=one_time_passwords.hash_of("x" * 20))


def end_all(user: User) -> None:
    sessions.end_all(ADMINISTRATOR, user=user)


def change_password(user: User) -> None:
    passwords.change(
        people.acting(user, seen=ADMINISTRATOR), user=user, current_password=PASSWORD, password=ANOTHER_PASSWORD
    )


@pytest.mark.parametrize("act", [suspend, close, reissue, end_all, change_password])
def test_all_of_it_ends_at_once(person: User, here: Client, there: Client, act: Callable[[User], None]) -> None:
    token = upload_token(person)
    assert [is_signed_in(client) for client in (here, there)] == [True, True]
    assert is_alive(token)
    act(person)
    assert [is_signed_in(client) for client in (here, there)] == [False, False]
    assert not is_alive(token)
    assert not Session.objects.filter(user=person, signed_in_at__isnull=False).exists()


@pytest.mark.parametrize("act", [suspend, close, reissue, end_all, change_password])
def test_a_sign_in_under_way_ends_too(person: User, upstairs: Upstairs, act: Callable[[User], None]) -> None:
    half = Client()
    upstairs.rule = FactorRule(required=True)
    assert enter(half, person.user_id)["Location"] == "/sign-in/set-up/"
    assert half.get("/sign-in/set-up/").status_code == 200
    act(person)
    assert half.get("/sign-in/set-up/").status_code == 302


def test_ending_the_others_spares_only_the_one_named(person: User, here: Client, upstairs: Upstairs) -> None:
    half = Client()
    upstairs.rule = FactorRule(required=True)
    enter(half, person.user_id)
    sessions.end_others(ADMINISTRATOR, user=person, keep=here.cookies["session"].value)
    assert half.get("/sign-in/set-up/").status_code == 302
    assert is_signed_in(here)


def test_who_looks_after_somebody_ends_their_sessions(person: User, here: Client, staff: User) -> None:
    sessions.end_for(people.acting(staff, seen=ADMINISTRATOR), user=person, reason="Lost laptop")
    assert not is_signed_in(here)
    (event,) = events("accounts.session.end_all")
    assert (event.actor_label, event.reason) == (staff.user_id, "Lost laptop")


def test_nobody_else_does(person: User, here: Client, invited_other: Invited) -> None:
    stranger = people.acting(activate(invited_other), seen=ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        sessions.end_for(stranger, user=person)
    assert is_signed_in(here)


def test_a_request_under_way_when_its_session_ends_is_answered_and_revives_nothing(person: User, here: Client) -> None:
    key = here.cookies["session"].value
    in_flight = SessionStore(key)
    assert in_flight["device"] == "Firefox on Windows"
    end_all(person)
    with pytest.raises(UpdateError):
        in_flight.save()
    assert not Session.objects.filter(session_key=key).exists()


def test_an_old_key_takes_no_new_cookie_away(person: User, here: Client) -> None:
    old = here.cookies["session"].value
    here.post("/account/sessions/end-all/")
    late = Client()
    late.cookies["session"] = old
    response = late.get("/account/")
    assert response.status_code == 302
    assert "session" not in response.cookies


def test_the_sweep_forgets_what_is_over(person: User, here: Client, settings: LazySettings) -> None:
    token = tokens.issue("upload", uuid4(), lifetime=timedelta(days=2), owner_id=person.id)
    enter(Client(), "nobodyn_0000")
    assert sessions.sweep() == 0
    assert is_alive(token)
    with time_machine.travel(timezone.now() + settings.SESSION_IDLE + timedelta(seconds=2)):
        assert sessions.sweep() >= 2
        assert not Session.objects.exists()
        assert not is_alive(token)


def test_the_sweep_leaves_tokens_to_who_is_still_here(
    person: User, here: Client, there: Client, settings: LazySettings
) -> None:
    token = tokens.issue("upload", uuid4(), lifetime=timedelta(days=2), owner_id=person.id)
    later = timezone.now() + settings.SESSION_IDLE - timedelta(seconds=30)
    with time_machine.travel(later):
        assert is_signed_in(here)
    with time_machine.travel(later + timedelta(minutes=1)):
        assert sessions.sweep() >= 1
        assert is_alive(token)
        assert is_signed_in(here)


# --- The operator's staff -----------------------------------------------------------------------------------------
@pytest.fixture
def office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    assert is_signed_in(client)
    return client


def test_staff_see_who_is_signed_in_and_no_key(office: Client, here: Client, there: Client) -> None:
    page = office.get("/admin/accounts/session/").content.decode()
    for seen in ("Firefox on Windows", "Safari on iPhone", "203.0.113.5", "198.51.100.20"):
        assert seen in page
    for client in (here, there, office):
        assert client.cookies["session"].value not in page


def test_staff_end_one_session_with_a_reason(office: Client, person: User, here: Client, there: Client) -> None:
    address = f"/admin/accounts/session/{row_of(there).public_id}/end/"
    assert office.get(address).status_code == 200
    assert is_signed_in(there)
    assert office.post(address, {"reason": " "}).status_code == 422
    assert is_signed_in(there)
    assert office.post(address, {"reason": "Stolen phone"}).status_code == 302
    assert [is_signed_in(client) for client in (there, here)] == [False, True]
    (event,) = events("accounts.session.end_one")
    assert (event.reason, event.target_id) == ("Stolen phone", str(person.pk))
    assert office.post(address, {"reason": "Again"}).status_code == 404


@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_no_address_of_the_back_office_takes_a_key(page: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:accounts_session_{page}", args=["k" * 32])


def test_nobody_else_sees_them(here: Client) -> None:
    assert here.get("/admin/accounts/session/").status_code == 302


def test_an_anonymous_actor_ends_nothing(person: User, here: Client) -> None:
    with pytest.raises(NotAllowed):
        sessions.end_for(Actor.anonymous(), user=person)


def test_many_sessions_are_seen_at_the_same_cost(person: User, here: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert here.get("/account/sessions/").status_code == 200
        return len(captured)

    cost()
    among_few = cost()
    later = timezone.now() + timedelta(hours=1)
    Session.objects.bulk_create(
        Session(
            session_key=f"{number:032}", session_data="", expire_date=later, user=person, signed_in_at=timezone.now()
        )
        for number in range(50)
    )
    assert cost() == among_few
