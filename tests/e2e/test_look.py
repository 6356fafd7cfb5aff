"""The look in a real browser: readable to everybody, in light and dark, wide and narrow, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Browser, Page, Route, expect

from tests.chromium import Theme, emptied
from tests.e2e.eyes import barriers, look_in_any_light

pytestmark = pytest.mark.browser

PAGES = ("", "home/", "wizard/", "front-door/", "error/404/", "error/503/")

OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The styleguide on a port of its own. It needs no database, and Playwright's event loop would not let us make one."""
    with ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler) as server:
        server.set_app(WSGIHandler())
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/styleguide/"
        server.shutdown()


@pytest.fixture
def open_page(browser: Browser, everybodys: Page, address: str) -> OpenPage:
    """Opens a page of the styleguide as in a browser of its own; what the content security policy stops fails the test."""

    @contextmanager
    def opened(path: str = "", *, width: int = 1280, theme: Theme = "light", **options: Any) -> Iterator[Page]:
        complaints: list[str] = []
        context = browser.new_context(**options) if options else None
        with emptied(context.new_page() if context else everybodys, complaints=complaints, theme=theme) as page:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address + path)
            yield page
        if context:
            context.close()
        assert complaints == []

    return opened


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(open_page: OpenPage, path: str) -> None:
    with open_page(path) as page:
        look_in_any_light(page, f"styleguide-{path.replace('/', '-')}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_hue_of_an_operator_keeps_the_contrast(open_page: OpenPage, theme: str) -> None:
    with open_page(theme=theme) as page:
        for hue in range(0, 360, 45):
            page.evaluate(
                "hue => { const root = document.documentElement.style; root.setProperty('--brand-hue', hue);"
                " root.setProperty('--brand-chroma', 0.12); }",
                hue,
            )
            assert barriers(page, "color-contrast") == [], f"hue {hue}"


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_of_a_screen_of_320_pixels(open_page: OpenPage, path: str) -> None:
    with open_page(path, width=320) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize(("width", "sentence", "labels"), [(1280, False, True), (360, True, False)])
def test_steps_become_a_sentence_where_there_is_no_room(
    open_page: OpenPage, width: int, sentence: bool, labels: bool
) -> None:
    with open_page("wizard/", width=width) as page:
        short = page.get_by_text("Step 3 of 8: Organization Profile")
        assert short.is_visible() is sentence
        assert page.locator(".step-mark").first.is_visible() is labels


def test_a_row_becomes_a_card_with_the_columns_names(open_page: OpenPage) -> None:
    with open_page("home/", width=360) as page:
        cell = page.locator("td[data-label=From]").first
        assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"From"'


# --- Light and dark -----------------------------------------------------------------------------------------------
def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_follows_the_system(open_page: OpenPage, scripts: bool) -> None:
    grounds = set()
    for theme in ("light", "dark"):
        with open_page(theme=theme, java_script_enabled=scripts) as page:
            grounds.add(ground(page))
    assert len(grounds) == 2


def test_a_choice_of_theme_is_remembered_until_it_equals_the_systems(open_page: OpenPage) -> None:
    with open_page(theme="light") as page:
        light = ground(page)
        toggle = page.get_by_role("button", name="Change between light and dark")
        toggle.click()
        dark = ground(page)
        page.reload()
        assert ground(page) == dark != light
        toggle.click()
        assert ground(page) == light
        assert page.evaluate("localStorage.getItem('theme')") is None


# --- Behaviours ---------------------------------------------------------------------------------------------------
@contextmanager
def posts_kept_from_the_server(page: Page) -> Iterator[list[str | None]]:
    """Answers every POST with 204, which leaves the page where it is, and collects the bodies."""
    bodies: list[str | None] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            bodies.append(route.request.post_data)
            route.fulfill(status=204)
        else:
            route.fallback()

    page.route("**/*", answer)
    yield bodies
    page.unroute("**/*")


def test_an_action_is_done_only_once_it_is_confirmed(open_page: OpenPage) -> None:
    with open_page() as page, posts_kept_from_the_server(page) as bodies:
        page.get_by_role("button", name="Revoke").last.click()
        dialog = page.get_by_role("dialog", name="Revoke this invitation?")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_be_hidden()
        assert bodies == []
        page.get_by_role("button", name="Revoke").last.click()
        with page.expect_request(lambda request: request.method == "POST"):
            dialog.get_by_role("button", name="Revoke").click()
        assert len(bodies) == 1


def test_without_scripts_the_same_button_simply_sends(open_page: OpenPage) -> None:
    with open_page(java_script_enabled=False) as page, posts_kept_from_the_server(page) as bodies:
        with page.expect_request(lambda request: request.method == "POST"):
            page.get_by_role("button", name="Revoke").last.click()
        assert len(bodies) == 1


def test_a_form_on_its_way_is_not_sent_twice_and_opens_again_on_back(open_page: OpenPage) -> None:
    with open_page("home/") as page, posts_kept_from_the_server(page) as bodies:
        page.locator("details[data-menu] summary").click()
        button = page.get_by_role("button", name="Sign out")
        button.dblclick()
        expect(button).to_be_disabled()
        assert len(bodies) == 1
        page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(button).to_be_enabled()


def test_a_password_can_be_looked_at(open_page: OpenPage) -> None:
    with open_page("front-door/") as page:
        field = page.get_by_label("Password", exact=False).first
        field.fill("correct horse battery")
        show = page.get_by_role("button", name="Show Password")
        show.click()
        assert (field.get_attribute("type"), show.get_attribute("aria-pressed")) == ("text", "true")
        show.click()
        assert (field.get_attribute("type"), show.get_attribute("aria-pressed")) == ("password", "false")


def test_a_secret_is_copied_as_it_stands(open_page: OpenPage) -> None:
    with open_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "WKQR-7MTX-PD4H-C9VN"


def test_without_scripts_no_button_is_offered_that_needs_them(open_page: OpenPage) -> None:
    with open_page(java_script_enabled=False) as page:
        for name in ("Copy", "Show One Time Password", "Change between light and dark"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_the_user_menu_closes_on_escape_and_gives_the_focus_back(open_page: OpenPage) -> None:
    with open_page("home/") as page:
        page.locator("details[data-menu] summary").press("Enter")
        page.get_by_role("link", name="My Account").focus()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_keyboard_reaches_the_content_first(open_page: OpenPage) -> None:
    with open_page("home/") as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_the_error_summary_has_the_focus_and_leads_to_the_field(open_page: OpenPage) -> None:
    with open_page() as page:
        summary = page.get_by_role("alert")
        expect(summary).to_be_focused()
        summary.get_by_role("link", name="Website").click()
        assert page.evaluate("document.activeElement.id") == "id_refused_website"


def test_on_paper_only_the_sheet_remains(open_page: OpenPage) -> None:
    with open_page() as page:
        page.emulate_media(media="print")
        expect(page.locator(".secret-value")).to_be_visible()
        expect(page.locator(".site-tabs")).to_be_hidden()
        expect(page.locator("button:visible, .btn:visible")).to_have_count(0)
