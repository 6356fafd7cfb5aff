"""First-Time Login with all that can be asked for: step by step, interrupted after each, in two tabs and two browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import session_data
from accounts.models import AuthenticatorApp, User, UserState
from accounts.ports import FactorRule
from accounts.proofs import Proof
from accounts.services import people, sessions
from accounts.services.under_way import SignInUnderWay
from accounts.session_store import UNDER_WAY
from tests.accounts.factors import code_of
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    Upstairs,
    activate,
    begin_first,
    choose_password,
    enter,
    events,
    invite,
    is_signed_in,
    notice_seen,
    terms_accepted,
)

BEGIN = "/first-time-login/"
CHOOSE = "/first-time-login/password/"
SET_UP = "/sign-in/set-up/"
APP = "/sign-in/set-up/authenticator-app/"
CODES = "/sign-in/recovery-codes/"
FACTOR = "/sign-in/second-factor/"
TERMS = "/sign-in/terms/"
# One code of an app is good once; after this there is another.
NEXT_CODE = timedelta(seconds=31)


@pytest.fixture(autouse=True)
def _factor_required(upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)


def set_up_app(client: Client) -> Any:
    client.post(SET_UP, {"choice": "authenticator_app"})
    app = AuthenticatorApp.objects.get(confirmed=False)
    return client.post(APP, {"code": code_of(app), "name": "Phone"})


def keep_codes(client: Client) -> Any:
    codes = client.post(CODES, {"choice": "show"}).context["codes"]
    return client.post(CODES, {"choice": "keep", "code": codes, "kept": "on"})


def accept(client: Client) -> Any:
    return client.post(TERMS, terms_accepted())


def one_time_password(client: Client, invited: Invited) -> Any:
    return begin_first(client, invited.user.user_id, invited.secret)


# What is done at each step, and where it leads.
STEPS: list[tuple[Callable[[Client], Any], str]] = [
    (choose_password, SET_UP),
    (set_up_app, CODES),
    (keep_codes, TERMS),
    (accept, "/home/"),
]


def go(client: Client, steps: list[tuple[Callable[[Client], Any], str]]) -> None:
    for step, leads_to in steps:
        assert step(client)["Location"] == leads_to
        assert is_signed_in(client) is (leads_to == "/home/")


def come_back(client: Client, invited: Invited, done: int) -> str:
    """Prove again who one is, after so many steps were done; where that leads."""
    if not done:
        return str(one_time_password(client, invited)["Location"])
    answer = enter(client, invited.user.user_id)
    if answer["Location"] == FACTOR:
        app = AuthenticatorApp.objects.get(user=invited.user, confirmed=True)
        answer = client.post(FACTOR, {"code": code_of(app)})
    return str(answer["Location"])


def test_every_step_leads_to_the_next_and_only_the_last_one_in(client: Client, invited: Invited) -> None:
    assert one_time_password(client, invited)["Location"] == CHOOSE
    go(client, STEPS)
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.ACTIVE
    assert set(session_data.proofs_of(client.session)) == {
        Proof.ONE_TIME_PASSWORD, Proof.PASSWORD, Proof.AUTHENTICATOR_APP,
    }  # fmt: skip
    (event,) = events("accounts.session.begin")
    assert event.data["proofs"] == ["authenticator_app", "one_time_password", "password"]


@pytest.mark.parametrize("done", range(len(STEPS)))
def test_interrupted_it_goes_on_where_it_was(client: Client, invited: Invited, done: int, upstairs: Upstairs) -> None:
    one_time_password(client, invited)
    go(client, STEPS[:done])
    waiting_at = STEPS[done - 1][1] if done else CHOOSE
    with time_machine.travel(timezone.now() + NEXT_CODE):
        again = Client()
        assert come_back(again, invited, done) == waiting_at
        assert again.get(waiting_at).status_code == 200
        go(again, STEPS[done:])
    assert upstairs.completed == [invited.user.user_id]


@pytest.mark.parametrize("done", range(len(STEPS)))
def test_too_long_a_break_in_one_browser_is_told_and_loses_nothing(
    client: Client, invited: Invited, done: int, settings: Any
) -> None:
    one_time_password(client, invited)
    go(client, STEPS[:done])
    waiting_at = STEPS[done - 1][1] if done else CHOOSE
    with time_machine.travel(timezone.now() + settings.SIGN_IN_WINDOW + timedelta(seconds=1)):
        answer = client.get(waiting_at, follow=True)
        assert answer.redirect_chain[0][0] == ("/sign-in/" if done else BEGIN)
        assert "Signing in took too long. Start again" in answer.content.decode()
        assert come_back(client, invited, done) == waiting_at
        go(client, STEPS[done:])


@pytest.mark.parametrize("done", range(len(STEPS)))
def test_back_and_a_second_tab_lead_to_where_one_is(client: Client, invited: Invited, done: int) -> None:
    one_time_password(client, invited)
    go(client, STEPS[:done])
    waiting_at = STEPS[done - 1][1] if done else CHOOSE
    for page in {CHOOSE, SET_UP, APP, CODES, TERMS, FACTOR} - {waiting_at}:
        if page == APP and waiting_at == SET_UP:
            continue
        assert client.get(page)["Location"] == waiting_at, page
    stale = (
        (CHOOSE, {"password": "another password altogether", "repeated": "another password altogether"}),
        (SET_UP, {"choice": "later"}),
        (SET_UP, {"choice": "authenticator_app"}),
        (CODES, {"choice": "show"}),
        (TERMS, terms_accepted()),
    )
    for page, typed in stale:
        if page != waiting_at:
            assert client.post(page, typed)["Location"] == waiting_at, page
    assert not is_signed_in(client)
    go(client, STEPS[done:])
    assert enter(Client(), invited.user.user_id, "another password altogether").status_code == 422


def test_sent_from_two_tabs_at_the_end_both_are_home(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    one_time_password(client, invited)
    go(client, STEPS)
    assert accept(client)["Location"] == "/home/"
    assert keep_again(client)["Location"] == "/home/"
    assert upstairs.completed == [invited.user.user_id]
    assert len(events("accounts.notice.accept")) == 2


def keep_again(client: Client) -> Any:
    return client.post(CODES, {"choice": "keep"})


def test_finished_in_another_browser_the_first_one_opens_nothing(client: Client, invited: Invited) -> None:
    one_time_password(client, invited)
    go(client, STEPS[:1])
    other = Client()
    come_back(other, invited, 1)
    go(other, STEPS[1:])
    answer = client.post(SET_UP, {"choice": "authenticator_app"}, follow=True)
    assert answer.redirect_chain[0][0] == "/sign-in/"
    assert "Start again" in answer.content.decode()
    assert not is_signed_in(client)
    assert is_signed_in(other)


@pytest.mark.parametrize("done", range(1, len(STEPS)))
@pytest.mark.parametrize("ending", [people.suspend, people.close, sessions.end_all])
def test_shut_out_meanwhile_it_ends_at_once(
    client: Client, invited: Invited, done: int, ending: Callable[..., object]
) -> None:
    one_time_password(client, invited)
    go(client, STEPS[:done])
    ending(ADMINISTRATOR, user=User.objects.get(pk=invited.user.pk), reason="Wrong person.")
    for step, _ in STEPS[done : done + 1]:
        if step in (keep_codes, set_up_app):
            assert client.post(STEPS[done - 1][1], {"choice": "show"})["Location"] == "/sign-in/"
        else:
            assert step(client)["Location"] == "/sign-in/"
    assert not is_signed_in(client)


def test_the_step_one_is_at_is_marked_on_every_page(client: Client, invited: Invited) -> None:
    def current(page: str) -> str:
        html = client.get(page).content.decode()
        step: str
        (step,) = re.findall(r'aria-current="step">.*?<(?:span|a) class="step-label"[^>]*>([^<]+)<', html, re.DOTALL)
        return step

    assert current(BEGIN) == "One-Time Password"
    one_time_password(client, invited)
    labels = ["Your own password", "Second factor", "Recovery codes", "Terms"]
    for label, (step, _), page in zip(labels, STEPS, [CHOOSE, SET_UP, CODES, TERMS], strict=True):
        assert current(page) == label
        step(client)


def test_a_required_factor_is_not_put_off(client: Client, invited: Invited) -> None:
    one_time_password(client, invited)
    choose_password(client)
    assert "Not now" not in client.get(SET_UP).content.decode()
    assert client.post(SET_UP, {"choice": "later"}).status_code == 200
    assert client.get(TERMS)["Location"] == SET_UP
    assert not is_signed_in(client)


def test_within_the_grace_it_is_put_off_each_time_and_after_it_no_more(
    client: Client, invited: Invited, upstairs: Upstairs
) -> None:
    grace = timedelta(days=3)
    upstairs.rule = FactorRule(required=True, grace=grace)
    one_time_password(client, invited)
    choose_password(client)
    assert client.post(SET_UP, {"choice": "later"})["Location"] == TERMS
    asked_at = User.objects.get(pk=invited.user.pk).factor_asked_at
    assert asked_at
    accept(client)
    with time_machine.travel(asked_at + grace - timedelta(seconds=5), tick=False):
        before = Client()
        assert enter(before, invited.user.user_id)["Location"] == SET_UP
        assert before.post(SET_UP, {"choice": "later"})["Location"] == "/home/"
    with time_machine.travel(asked_at + grace + timedelta(seconds=1), tick=False):
        after = Client()
        assert enter(after, invited.user.user_id)["Location"] == SET_UP
        assert after.post(SET_UP, {"choice": "later"}).status_code == 200
        assert not is_signed_in(after)


@pytest.fixture
def holder(db: None, upstairs: Upstairs) -> User:
    """Somebody active, of whom both are asked: the passkey and the password."""
    upstairs.rule = FactorRule(required=False, passkey_alone=False)
    return activate(invite())


@pytest.fixture
def after_a_passkey(client: Client, holder: User) -> Client:
    """A browser in which ``holder`` has shown a passkey."""
    session = client.session
    session[UNDER_WAY] = SignInUnderWay.begin(holder, Proof.PASSKEY).as_row()
    session.save()
    client.cookies["session"] = session.session_key or ""
    return client


def test_where_both_are_asked_for_the_password_comes_after_the_passkey(after_a_passkey: Client, holder: User) -> None:
    page = "/sign-in/password-too/"
    assert after_a_passkey.get(TERMS)["Location"] == page
    assert holder.user_id in after_a_passkey.get(page).content.decode()
    wrong = after_a_passkey.post(page, {"identifier": holder.user_id, "password": "wrong wrong wrong"})
    assert wrong.status_code == 422
    assert not is_signed_in(after_a_passkey)
    assert after_a_passkey.post(page, {"identifier": holder.user_id, "password": PASSWORD})["Location"] == "/home/"
    assert set(session_data.proofs_of(after_a_passkey.session)) == {Proof.PASSKEY, Proof.PASSWORD}


def test_the_password_of_somebody_else_does_not_count_there(
    after_a_passkey: Client, holder: User, invited_other: Invited
) -> None:
    one_time_password(Client(), invited_other)
    typed = {"identifier": invited_other.user.user_id, "password": invited_other.secret}
    assert after_a_passkey.post("/sign-in/password-too/", typed).status_code == 422
    assert not is_signed_in(after_a_passkey)


def test_naming_somebody_else_on_the_first_page_begins_anew(after_a_passkey: Client) -> None:
    after_a_passkey.post("/sign-in/", {"identifier": "nobodyn_0000", **notice_seen()})
    assert after_a_passkey.get("/sign-in/password-too/")["Location"] == "/sign-in/"


@pytest.mark.parametrize("lost", ["proofs", "begun_at", "system_use"])
def test_what_another_release_wrote_down_is_forgotten(client: Client, holder: User, lost: str) -> None:
    session, row = client.session, SignInUnderWay.begin(holder, Proof.PASSWORD).as_row()
    del row[lost]
    session[UNDER_WAY] = row
    session.save()
    client.cookies["session"] = session.session_key or ""
    assert client.get(TERMS)["Location"] == "/sign-in/"
