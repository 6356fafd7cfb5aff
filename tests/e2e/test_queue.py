"""The operator's queue in a real browser: readable to everybody, worked by keyboard alone, and never decided by one key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from orgs.models import Flag, MatchKind, Registration, RegistrationMatch, RegistrationQuestion, RegistrationState
from orgs.services import review
from tests.e2e.eyes import look_in_any_light
from tests.orgs import world as worlds
from tests.orgs.submissions import submitted
from tests.orgs.world import World

pytestmark = pytest.mark.browser

LIST = "/admin/orgs/registration/"

OpenPage = Callable[..., Page]


@pytest.fixture
def world(transactional_db: None) -> World:
    return worlds.build()


@pytest.fixture
def clerk(world: World, live_server: LiveServer, browser: Browser) -> Iterator[OpenPage]:
    """Opens a page as operator staff; what breaks in it, or is stopped by its policy, fails the test."""
    contexts, complaints = [], []

    def opened(path: str, *, width: int = 1280, theme: str = "light", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **options)  # type: ignore[arg-type]
        contexts.append(context)
        client = Client()
        client.force_login(world.staff)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        page.goto(live_server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def first(world: World) -> Registration:
    """The most urgent of three, with everything that a registration can have."""
    colleague, now = worlds.user("Tess", staff=True), timezone.now()
    registration = submitted(
        "Newco Metals Ltd", due_at=now - timedelta(hours=1), flags=[Flag.FREE_MAIL], completeness=80,
        email_domains=["newco.example"], city="Sheffield", assigned_to=colleague, assigned_at=now,
    )  # fmt: skip
    for organization in (world.aurora, world.elsewhere):
        RegistrationMatch.objects.create(
            registration=registration, kind=MatchKind.UEI, organization=organization, value="x"
        )
    RegistrationQuestion.objects.create(
        registration=registration, asked_by=colleague, text="Which site?", answer="Sheffield.", answered_at=now
    )
    review.add_note(world.operator, registration, text="Called them.")
    submitted("Second Ltd", named=["petra@newco.example"], due_at=now + timedelta(hours=1))
    submitted("Third Ltd", named=["ana@newco.example"], due_at=now + timedelta(hours=2))
    return registration


def detail(registration: Registration) -> str:
    return f"{LIST}{registration.pk}/change/"


def press(page: Page, *keys: str) -> None:
    """Press keys one after another, once the script that listens for them runs."""
    expect(page.locator("[data-shortcuts-help]")).to_be_visible()
    for key in keys:
        page.keyboard.press(key)


def follow(page: Page, leading_on: Locator) -> None:
    """Click what leads to another page, and be there."""
    with page.expect_navigation():
        leading_on.click()


def state_of(registration: Registration) -> str:
    return str(Registration.objects.values_list("state", flat=True).get(pk=registration.pk))


# --- For all eyes -------------------------------------------------------------------------------------------------
def test_axe_finds_nothing_and_nothing_sticks_out(clerk: OpenPage, first: Registration) -> None:
    page = clerk(LIST)
    check = partial(look_in_any_light, page)
    check("list")
    press(page, "?")
    check("help")
    page.keyboard.press("Escape")
    page.locator("#result_list input.action-select").first.check()
    follow(page, page.get_by_role("button", name="Approve…"))
    check("bulk approval")
    page.goto(page.url.split("?")[0])
    follow(page, page.get_by_role("link", name="Newco Metals Ltd"))
    for key in ("m", "i", "d", "n"):
        press(page, key)
        check(f"page after {key}")
        page.evaluate("document.activeElement.blur()")
    follow(page, page.get_by_role("link", name="Merge into this organisation").first)
    check("merge")
    page.goto(page.url.split("/admin/")[0] + "/admin/orgs/holiday/paste/")
    check("holidays")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_matters_is_on_the_first_screen(clerk: OpenPage, first: Registration, theme: str) -> None:
    page = clerk(detail(first), theme=theme)

    for words in ("Newco Metals Ltd", "Overdue", "Same UEI", "Approve", "Ask for more", "Deny", "Possible duplicates"):
        expect(page.get_by_text(words).filter(visible=True).first).to_be_in_viewport()


# --- By keyboard --------------------------------------------------------------------------------------------------
def test_a_registration_is_denied_by_keyboard_alone(clerk: OpenPage, first: Registration) -> None:
    page = clerk(LIST)

    press(page, "j")
    expect(page.get_by_role("link", name="Newco Metals Ltd")).to_be_focused()
    press(page, "j")
    expect(page.get_by_role("link", name="Second Ltd")).to_be_focused()
    press(page, "k", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Newco Metals Ltd")
    press(page, "d")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("The organisation could")
    press(page, "Tab")
    page.keyboard.type("We could not find you. Nobody answers.")
    press(page, "Tab", "Enter")

    expect(page.get_by_text("is denied. The reason is on its way to the registrant.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second Ltd")
    first.refresh_from_db()
    assert (first.state, first.denial_code) == (RegistrationState.DENIED, "not_verified")
    assert first.denial_reason == "We could not find you. Nobody answers."


def test_one_key_asks_and_does_not_approve(clerk: OpenPage, first: Registration) -> None:
    page = clerk(detail(first))
    dialog = page.get_by_role("dialog", name="Approve Newco Metals Ltd?")

    press(page, "a")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    press(page, "Enter")
    expect(dialog).to_be_hidden()
    assert state_of(first) == RegistrationState.SUBMITTED

    press(page, "a", "Tab", "Enter")
    expect(page.get_by_text("is approved as ORG-")).to_be_visible()
    assert state_of(first) == RegistrationState.APPROVED


def test_the_other_keys_go_where_they_say(clerk: OpenPage, first: Registration) -> None:
    page = clerk(detail(first))

    for key, name in (("m", "question"), ("i", "organization_id"), ("n", "text")):
        press(page, key)
        expect(page.locator(f"[name={name}]")).to_be_focused()
        page.keyboard.type("adcmjk?")
        expect(page.locator(f"[name={name}]")).to_have_value("adcmjk?")
        page.evaluate("document.activeElement.blur()")
    assert page.get_by_role("dialog").count() == 0
    press(page, "c")
    expect(page.get_by_role("button", name="Take over")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_text("This is yours now.")).to_be_visible()
    press(page, "j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second Ltd")
    press(page, "k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Newco Metals Ltd")
    press(page, "u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Registrations")
    press(page, "j", "x")
    expect(page.get_by_text("1 of 3 selected")).to_be_visible()
    press(page, "/")
    expect(page.get_by_label("Search")).to_be_focused()


def test_shortcuts_are_listed_and_can_be_switched_off(clerk: OpenPage, first: Registration) -> None:
    page = clerk(detail(first))
    help_button = page.get_by_role("button", name="Keyboard shortcuts")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    press(page, "?")
    expect(dialog.get_by_text("Ask for more")).to_be_visible()

    dialog.get_by_label("Shortcuts are on in this browser").uncheck()
    press(page, "Escape")
    page.reload()
    press(page, "d", "?")
    expect(page.get_by_label("Reason")).to_be_hidden()
    expect(dialog).to_be_hidden()

    help_button.click()
    dialog.get_by_label("Shortcuts are on in this browser").check()
    press(page, "Escape", "d")
    expect(page.get_by_label("Reason")).to_be_visible()


# --- Whatever the browser does --------------------------------------------------------------------------------------
def test_without_scripts_everything_is_there_but_shortcuts(clerk: OpenPage, first: Registration) -> None:
    page = clerk(detail(first), java_script_enabled=False)
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_have_count(0)

    page.locator("summary", has_text="Ask for more").click()
    page.get_by_label("What do you need to know?").fill("Which site?")
    page.get_by_role("button", name="Send the question").click()

    expect(page.get_by_text("your question is on its way")).to_be_visible()
    assert state_of(first) == RegistrationState.INFO_REQUESTED
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("is approved as ORG-")).to_be_visible()


def test_two_presses_of_approve_are_one_decision(clerk: OpenPage, first: Registration) -> None:
    page, late = clerk(detail(first)), clerk(detail(first))
    for one in (page, late):
        one.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").dblclick()
    expect(page.get_by_text("is approved as ORG-")).to_be_visible()

    late.get_by_role("dialog").get_by_role("button", name="Approve").click()

    expect(late.get_by_text("Somebody was faster: Newco Metals Ltd is “Approved” since")).to_be_visible()
    expect(late.get_by_text("decided by Sam Baker")).to_be_visible()


def test_a_list_is_worked_on_a_phone(clerk: OpenPage, first: Registration) -> None:
    page = clerk(LIST, width=360)
    row = page.locator("#result_list tbody tr").first
    cell = row.locator(".field-due")
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Due"'

    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Deny…").click()
    page.get_by_label("Reason").select_option("other")
    page.get_by_label("In a sentence").fill("Not this time.")
    page.get_by_role("button", name="Deny 1 registration").click()

    expect(page.get_by_text("Denied (1): Newco Metals Ltd")).to_be_visible()
    assert state_of(first) == RegistrationState.DENIED
