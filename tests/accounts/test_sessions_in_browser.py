"""The end of a session as people meet it: warned before, asked to stay, and able to go on after signing in again."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Session, User
from accounts.services import devices, sessions
from core import tokens
from tests.accounts.stages import ADMINISTRATOR, enter
from tests.orgs.browsing import Viewer, viewer

__all__ = ["viewer"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
TYPED = "+44 20 7946 0958"


def signed_in(user: User) -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"})
    assert enter(client, user.user_id).status_code == 302
    return client


@pytest.fixture
def at_home(viewer: Viewer, person: User) -> Viewer:
    viewer.take_over(signed_in(person))
    return viewer


@pytest.fixture
def short(settings: LazySettings) -> None:
    """Sessions that are idle after twelve seconds; pages warn eight seconds before."""
    settings.SESSION_IDLE = timedelta(seconds=12)
    settings.SESSION_WARNING = timedelta(seconds=8)


def question(page: Page, title: str) -> None:
    expect(page.get_by_role("dialog", name=title)).to_be_visible(timeout=15_000)


def test_the_pages_can_be_looked_at(at_home: Viewer, person: User, staff: User) -> None:
    enter(Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}), person.user_id)
    enter(Client(), person.user_id, "wrong wrong wrong")
    at_home.see("account-sessions", "/account/sessions/")
    at_home.see("account-history", "/account/history/")
    link = tokens.issue(devices.PURPOSE, person.id, lifetime=timedelta(days=1))
    at_home.see("not-me", f"/not-me/{tokens.secret_of(link)}/")
    at_home.press("It was not me: lock them out")
    at_home.see("not-me-done")
    at_home.see("not-me-ended", f"/not-me/{tokens.secret_of(link)}/", status=410)
    at_home.sign_in(staff)
    at_home.open("/admin/")
    at_home.open("/admin/accounts/session/")
    at_home.page.get_by_role("link", name="End").first.click()
    expect(at_home.page.get_by_role("heading", level=1)).to_contain_text("End the session")


def test_who_is_asked_stays_with_the_keyboard_and_keeps_what_was_typed(
    at_home: Viewer, person: User, short: None
) -> None:
    page = at_home.open("/account/phone/")
    at_home.fill(phone=TYPED)
    question(page, "Are you still there?")
    stay = page.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()  # whoever is typing signs nobody out
    at_home.see("session-warning")
    stay.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("[name=phone]").input_value() == TYPED
    row = Session.objects.get(user=person, device__startswith="Chrome")
    assert row.expire_date - row.last_seen_at > timedelta(seconds=10)
    assert at_home.complaints == []


def test_staying_in_one_tab_is_staying_in_all(at_home: Viewer, short: None) -> None:
    first = at_home.open("/account/phone/")
    second = first.context.new_page()
    second.goto(f"{at_home.address}/account/sessions/")
    question(first, "Are you still there?")
    question(second, "Are you still there?")
    second.get_by_role("button", name="Stay signed in").click()
    expect(first.get_by_role("dialog")).to_be_hidden()


def test_work_in_another_tab_keeps_this_one_quiet(at_home: Viewer, settings: LazySettings) -> None:
    settings.SESSION_IDLE, settings.SESSION_WARNING = timedelta(seconds=40), timedelta(seconds=30)
    first = at_home.open("/account/phone/")
    asks_at = time.monotonic() + 10
    second = first.context.new_page()
    first.bring_to_front()
    first.wait_for_timeout(2000)
    second.goto(f"{at_home.address}/account/sessions/")
    first.wait_for_timeout(1000 * max(1, asks_at + 1 - time.monotonic()))
    expect(first.get_by_role("dialog")).to_be_hidden()


def test_signed_out_and_in_again_the_page_goes_on(at_home: Viewer, person: User, live_server: LiveServer) -> None:
    page = at_home.open("/account/phone/")
    at_home.fill(phone=TYPED)
    sessions.end_all(ADMINISTRATOR, user=person)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    question(page, "You are signed out")
    at_home.see("session-ended")

    at_home.take_over(signed_in(person))
    page.get_by_role("button", name="I have signed in: go on").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("[name=phone]").input_value() == TYPED
    page.locator("main").get_by_role("button", name="Save").click()
    expect(page).to_have_url(f"{live_server.url}/account/")
    person.refresh_from_db()
    assert person.phone.replace(" ", "").endswith("2079460958")


def test_the_page_of_one_person_is_not_sent_as_another(at_home: Viewer, person: User, staff: User) -> None:
    page = at_home.open("/account/phone/")
    at_home.take_over(signed_in(staff))
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    question(page, "Somebody else is signed in now")


def test_the_last_moment_is_told_and_cannot_be_put_off(at_home: Viewer, settings: LazySettings) -> None:
    settings.SESSION_ABSOLUTE = timedelta(seconds=30)
    settings.SESSION_WARNING = timedelta(seconds=29)
    page = at_home.open("/account/phone/")
    question(page, "You will have to sign in again soon")
    expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()
    page.get_by_role("button", name="I understand").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_back_office_warns_too(viewer: Viewer, staff: User, settings: LazySettings) -> None:
    settings.SESSION_IDLE_STAFF = timedelta(seconds=8)
    settings.SESSION_WARNING = timedelta(seconds=6)
    viewer.sign_in(staff)
    page = viewer.open("/admin/")
    question(page, "Are you still there?")
    page.get_by_role("button", name="Stay signed in").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert viewer.complaints == []
