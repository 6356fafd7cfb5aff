"""My Account in a real browser: the strength of a password while it is typed, the pages in any light and at any width."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.services import email_changes, people
from core.actor import Actor
from tests.accounts.stages import PASSWORD, enter
from tests.orgs.browsing import Viewer, viewer

__all__ = ["viewer"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

NEW = "eleven quiet lighthouses"


@pytest.fixture
def at_home(viewer: Viewer, person: User) -> Viewer:
    """The browser of ``person``, who has just signed in."""
    client = Client()
    enter(client, person.user_id)
    viewer.take_over(client)
    return viewer


def test_every_page_of_the_section_can_be_looked_at(at_home: Viewer, person: User, visitor: Actor) -> None:
    email_changes.ask(people.acting(person, seen=visitor), user=person, new_email="jordan@newco.example")
    for name, path in (
        ("profile", "/account/"),
        ("phone", "/account/phone/"),
        ("preferences", "/account/preferences/"),
        ("email", "/account/email/"),
        ("notifications", "/account/notifications/"),
        ("memberships", "/account/memberships/"),
    ):
        at_home.see(f"account-{name}", path)
    at_home.open("/account/phone/")
    at_home.fill(phone="12345")
    at_home.press("Save")
    at_home.see("account-phone-refused")


def test_the_strength_is_shown_while_one_types_and_loaded_only_then(at_home: Viewer) -> None:
    loaded: list[str] = []
    at_home.page.on("request", lambda request: note(loaded, request))
    page = at_home.open("/account/password/")
    strength = page.locator("[data-strength]")
    expect(strength).to_be_hidden()
    assert loaded == []

    at_home.fill(password="aaaaaaaaaaaaaaaaaaaa")
    expect(strength).to_contain_text("easy to guess")
    assert [url.rpartition("/")[2] for url in loaded] == ["zxcvbn.js"]
    at_home.fill(password=NEW)
    expect(strength).to_contain_text("Very hard to guess")
    expect(page.locator("[data-rule=length]")).to_have_attribute("data-met", "true")
    at_home.see("account-password")
    at_home.fill(password="Jordan Smith")
    expect(strength).not_to_contain_text("Very hard")
    at_home.fill(password="")
    expect(strength).to_be_hidden()


def test_a_long_password_keeps_nobody_waiting(at_home: Viewer) -> None:
    page = at_home.open("/account/password/")
    at_home.fill(password="violet anchors drift at noon. " * 8)
    expect(page.locator("[data-strength]")).to_contain_text("guess", timeout=3000)


def test_without_script_the_rule_is_read_and_the_password_changed(
    browser: Browser, live_server: LiveServer, person: User
) -> None:
    client = Client()
    enter(client, person.user_id)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    Viewer(page, live_server.url, []).take_over(client)
    page.goto(f"{live_server.url}/account/password/")
    expect(page.locator("[data-strength]")).to_be_hidden()
    expect(page.get_by_text("At least 15 characters")).to_be_visible()
    type_change(page)
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    context.close()


def test_by_keyboard_alone(at_home: Viewer) -> None:
    page = at_home.open("/account/password/")
    page.locator("[name=current_password]").focus()
    for typed in (PASSWORD, NEW, NEW):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()


def type_change(page: Page) -> None:
    page.locator("[name=current_password]").fill(PASSWORD)
    page.locator("[name=password]").fill(NEW)
    page.locator("[name=repeated]").fill(NEW)
    page.get_by_role("button", name="Save password").click()


def note(loaded: list[str], request: Request) -> None:
    if "zxcvbn" in request.url:
        loaded.append(request.url)
