"""The sign-in page, and what a session is worth afterwards."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.backends import UserIdOrEmailBackend
from accounts.models import Session, User
from accounts.services import people, sessions, sign_in
from core import tokens
from core.models import Outcome, Token
from tests.accounts.hashers import CountingHasher
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    Upstairs,
    activate,
    comparable,
    enter,
    events,
    invite,
    is_signed_in,
    name_it,
    notice_seen,
)

PASSWORD_PAGE = "/sign-in/password/"


def test_by_user_id_or_e_mail_in_any_case(person: User) -> None:
    for identifier in (person.user_id, person.user_id.upper(), person.email, f" {person.email.title()} "):
        client = Client()
        response = enter(client, identifier)
        assert (response.status_code, response["Location"]) == (302, "/home/"), identifier
        assert is_signed_in(client)


def refusals(person: User, upstairs: Upstairs) -> dict[str, tuple[str, str]]:
    """Everything that must look alike: a name for the test, what is typed."""
    invited = invite("Sam", "Waits", "sam@hawker.example")
    suspended = activate(invite("Kim", "Stopped", "kim@hawker.example"))
    people.suspend(ADMINISTRATOR, user=suspended, reason="Left the project.")
    closed = activate(invite("Lou", "Gone", "lou@hawker.example"))
    people.close(ADMINISTRATOR, user=closed, reason="Left the company.")
    pending = activate(invite("Max", "Early", "max@hawker.example"))
    upstairs.shut_out.add(pending.user_id)
    return {
        "wrong password": (person.user_id, "violet anchors drift at night"),
        "unknown User ID": ("nobodyn_0000", PASSWORD),
        "unknown e-mail": ("nobody@hawker.example", PASSWORD),
        "invited, with the One-Time Password": (invited.user.user_id, invited.secret),
        "suspended": (suspended.user_id, PASSWORD),
        "closed": (closed.user_id, PASSWORD),
        "organisation not active": (pending.user_id, PASSWORD),
    }


def test_every_refusal_is_one_page(client: Client, person: User, upstairs: Upstairs) -> None:
    pages = set()
    for what, (identifier, password) in refusals(person, upstairs).items():
        response = enter(client, identifier, password)
        assert response.status_code == 422, what
        assert not is_signed_in(client), what
        assert password not in response.content.decode()
        pages.add(comparable(response.content, identifier))
    (page,) = pages
    assert sign_in.REFUSED in page
    assert 'href="/first-time-login/"' in page


def test_every_refusal_costs_one_run_of_the_hasher(
    settings: LazySettings, client: Client, db: None, upstairs: Upstairs
) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.hashers.CountingHasher"]
    person = activate(invite())
    for what, (identifier, password) in refusals(person, upstairs).items():
        CountingHasher.runs.clear()
        enter(client, identifier, password)
        assert len(CountingHasher.runs) == 1, what


def test_every_answer_is_recorded_once_and_the_reason_only_there(
    client: Client, person: User, upstairs: Upstairs
) -> None:
    for identifier, password in refusals(person, upstairs).values():
        enter(client, identifier, password)
    enter(Client(), person.user_id)
    recorded = [event for event in events("accounts.session.begin") if event.ip == "127.0.0.1"]
    assert [event.reason for event in recorded if event.outcome == Outcome.REFUSED] == [
        "wrong password", "unknown name", "unknown name", "account invited", "account suspended", "account closed",
        "no active organisation",
    ]  # fmt: skip
    (entered,) = [event for event in recorded if event.outcome == Outcome.DONE]
    assert (entered.actor_label, entered.actor_id) == (person.user_id, person.id)
    for event in recorded:
        assert PASSWORD not in str(vars(event))


def test_both_ways_to_compose_a_letter_open(client: Client, db: None) -> None:
    password = "Größe, Café und Ångström"
    person = activate(invite(), password=unicodedata.normalize("NFC", password))
    assert enter(client, person.user_id, unicodedata.normalize("NFD", password)).status_code == 302


@pytest.mark.parametrize(
    "password",
    ["  violet anchors drift  ", "長" * 3 + "密碼" * 2 + "九龍城寨的雨夜很安靜", "xy7" + "Ωλ→𝔘 q" * 20 + "zw89k"],
)
def test_spaces_scripts_and_length_are_kept(client: Client, db: None, password: str) -> None:
    person = activate(invite(), password=password)
    assert enter(Client(), person.user_id, password.strip() + "!").status_code == 422
    assert enter(client, person.user_id, password).status_code == 302


def test_128_characters_and_not_one_less(client: Client, db: None) -> None:
    password = "".join(chr(0x4E00 + step * 37) for step in range(128))
    person = activate(invite(), password=password)
    assert enter(Client(), person.user_id, password[:-1]).status_code == 422
    assert enter(client, person.user_id, password).status_code == 302


@pytest.mark.parametrize(
    ("identifier", "password"), [("", ""), ("a\x00b", PASSWORD), ("x", "a\x00b"), ("x" * 300, "y" * 300), ("@", "@")]
)
def test_bad_input_is_refused_and_what_was_typed_stays(
    client: Client, db: None, identifier: str, password: str
) -> None:
    response = enter(client, identifier, password)
    assert response.status_code == 422
    assert response.context["form"]["identifier"].value() == identifier
    name_it(client, "somebody")
    response = client.post(PASSWORD_PAGE, {"identifier": identifier, "password": password})
    assert response.status_code == 422
    assert len(password) < 3 or password not in response.content.decode()
    assert "Please check what you entered" in response.content.decode()


def test_the_first_page_says_the_same_to_everybody(client: Client, person: User) -> None:
    suspended = activate(invite("Kim", "Stopped", "kim@hawker.example"))
    people.suspend(ADMINISTRATOR, user=suspended, reason="Left the project.")
    pages = set()
    for identifier in (person.user_id, person.email, suspended.user_id, "nobodyn_0000", "nobody@hawker.example"):
        stranger = Client()
        answer = name_it(stranger, identifier)
        assert (answer.status_code, answer["Location"]) == (302, PASSWORD_PAGE)
        pages.add(comparable(stranger.get(PASSWORD_PAGE).content, identifier))
    assert len(pages) == 1


def test_the_password_page_needs_the_one_with_the_notice(client: Client, person: User) -> None:
    typed = {"identifier": person.user_id, "password": PASSWORD}
    assert client.get(PASSWORD_PAGE)["Location"] == "/sign-in/"
    assert client.post(PASSWORD_PAGE, typed)["Location"] == "/sign-in/"
    assert not is_signed_in(client)
    name_it(client, person.user_id)
    assert client.post(PASSWORD_PAGE, typed)["Location"] == "/home/"


def test_of_two_tabs_each_signs_in_whom_it_names(client: Client, person: User) -> None:
    other = activate(invite("Kim", "Lindqvist", "kim@hawker.example"))
    name_it(client, person.user_id)
    first_tab = client.get(PASSWORD_PAGE).context["form"]["identifier"].value()
    name_it(client, other.user_id)
    assert client.post(PASSWORD_PAGE, {"identifier": first_tab, "password": PASSWORD}).status_code == 302
    assert client.get("/account/").context["user"] == person


@pytest.mark.parametrize("planted", ["0" * 32, "attackers0attackers0attackers0aa", "../../etc/passwd", "é" * 32, ""])
def test_a_key_that_somebody_planted_opens_nothing(client: Client, person: User, planted: str) -> None:
    client.cookies["session"] = planted
    enter(client, person.user_id)
    assert is_signed_in(client)
    assert client.cookies["session"].value != planted
    thief = Client()
    thief.cookies["session"] = planted
    assert not is_signed_in(thief)


def test_a_changed_cookie_is_no_session(client: Client, person: User) -> None:
    enter(client, person.user_id)
    right = client.cookies["session"].value
    for wrong in (right[:-1], right + "a", right.swapcase(), right[::-1]):
        stranger = Client()
        stranger.cookies["session"] = wrong
        assert not is_signed_in(stranger), wrong
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/sft/drafts/?after=abc", "/sft/drafts/?after=abc"),
        ("http://testserver/account/", "http://testserver/account/"),
        ("https://evil.example/", "/home/"),
        ("//evil.example/", "/home/"),
        ("/\\evil.example", "/home/"),
        ("javascript:alert(1)", "/home/"),
        ("http:///evil.example", "/home/"),
        ("", "/home/"),
    ],
)
def test_next_leads_to_this_host_only(client: Client, person: User, wanted: str, reached: str) -> None:
    page = client.get("/sign-in/", {"next": wanted})
    carried = page.context["form"]["next"].value()
    assert enter(client, person.user_id, next=carried)["Location"] == reached


def test_the_way_in_leads_back_to_the_page_that_was_asked_for(client: Client, person: User) -> None:
    asked = client.get("/account/?from=mail")
    assert asked["Location"] == "/sign-in/?next=/account/%3Ffrom%3Dmail"
    page = client.get(asked["Location"])
    response = enter(client, person.user_id, next=page.context["form"]["next"].value())
    assert response["Location"] == "/account/?from=mail"


def test_a_form_that_comes_too_late_leads_back_to_its_page(client: Client, person: User) -> None:
    for referer, back in {
        "http://testserver/account/password/": "/sign-in/?next=/account/password/",
        "https://evil.example/trap/": "/sign-in/?next=/account/password/%3Fx%3D1",
    }.items():
        response = client.post("/account/password/?x=1", headers={"Referer": referer})
        assert response["Location"] == back


def test_a_program_is_told_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/account/", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json()["code"] == "sign_in_required"


def test_somebody_signed_in_is_sent_home(client: Client, person: User) -> None:
    enter(client, person.user_id)
    for path in ("/sign-in/?next=/account/", "/first-time-login/", "/first-time-login/password/"):
        assert client.get(path)["Location"] == "/home/"


def test_the_session_gets_another_key(client: Client, person: User) -> None:
    session = client.session
    session["draft"] = "kept"
    session.save()
    before = client.session.session_key
    enter(client, person.user_id)
    assert client.session.session_key != before
    assert client.session["draft"] == "kept"
    stale = Client()
    stale.cookies["session"] = before or ""
    assert not is_signed_in(stale)


def test_a_running_session_can_take_another_key_as_often_as_it_has_to(client: Client, person: User) -> None:
    enter(client, person.user_id)
    session, keys = client.session, {client.session.session_key}
    for _ in range(3):
        session.cycle_key()
        keys.add(session.session_key)
    assert len(keys) == 4
    client.cookies["session"] = session.session_key or ""
    assert is_signed_in(client)
    assert Session.objects.filter(user=person).count() == 1


def test_signing_out_ends_session_and_tokens(client: Client, person: User) -> None:
    enter(client, person.user_id)
    stolen = Client()
    stolen.cookies["session"] = client.cookies["session"].value
    assert is_signed_in(stolen)
    token = tokens.issue("upload", person.id, lifetime=timedelta(hours=1), owner_id=person.id)
    response = client.post("/sign-out/")
    assert response["Location"] == "/sign-in/"
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(client)
    assert not is_signed_in(stolen)
    assert Token.objects.get(pk=token.pk).revoked_at
    (event,) = events("accounts.session.end")
    assert event.actor_id == person.id


def test_signing_out_takes_a_post(client: Client, person: User) -> None:
    enter(client, person.user_id)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)


def test_signing_out_needs_the_csrf_token(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.post("/sign-out/").status_code == 403
    assert is_signed_in(client)


@pytest.mark.parametrize("service", [people.suspend, sessions.end_all, people.close])
def test_a_session_ends_within_one_request(client: Client, person: User, service: Callable[..., object]) -> None:
    enter(client, person.user_id)
    assert is_signed_in(client)
    service(ADMINISTRATOR, user=person, reason="Left the project.")
    assert not is_signed_in(client)


def test_two_who_end_the_sessions_of_a_person_both_end_them(person: User) -> None:
    as_seen_before = User.objects.get(pk=person.pk)
    sessions.end_all(ADMINISTRATOR, user=person)
    sessions.end_all(ADMINISTRATOR, user=as_seen_before)
    person.refresh_from_db()
    assert person.session_epoch == as_seen_before.session_epoch == 2


def test_a_session_from_before_the_suspension_does_not_come_back(client: Client, person: User) -> None:
    enter(client, person.user_id)
    people.suspend(ADMINISTRATOR, user=person, reason="Left the project.")
    people.unsuspend(ADMINISTRATOR, user=person)
    assert not is_signed_in(client)
    assert enter(client, person.user_id).status_code == 302


def test_a_get_changes_nothing(client: Client, person: User) -> None:
    client.get("/sign-in/", {"identifier": person.user_id, "password": PASSWORD, **notice_seen()})
    name_it(client, person.user_id)
    client.get(PASSWORD_PAGE, {"identifier": person.user_id, "password": PASSWORD})
    assert not is_signed_in(client)


def test_signing_in_costs_the_same_among_many(person: User) -> None:
    def queries_of_a_sign_in() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert enter(Client(), person.user_id).status_code == 302
        return len(captured)

    enter(Client(), person.user_id)
    among_few = queries_of_a_sign_in()
    User.objects.bulk_create(User(user_id=f"manym_{number:04}", email=f"m{number}@x.example") for number in range(1000))
    assert queries_of_a_sign_in() == among_few


def test_only_active_staff_hold_permissions(person: User, staff: User) -> None:
    backend = UserIdOrEmailBackend()
    assert staff.has_perm("accounts.change_user")
    assert staff.has_module_perms("accounts")
    assert not person.has_perm("accounts.change_user")
    assert not backend.has_module_perms(AnonymousUser(), "accounts")
    people.suspend(ADMINISTRATOR, user=staff, reason="Left.")
    assert not staff.has_perm("accounts.change_user")


def test_an_invited_person_is_not_signed_in_by_anything(client: Client, invited: Invited) -> None:
    client.force_login(invited.user)
    assert not is_signed_in(client)
