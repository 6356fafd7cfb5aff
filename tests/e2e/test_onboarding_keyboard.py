"""The wizard from the sign-in page to Submitted by somebody who uses no pointer."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import keys, onboarding, wizard
from tests.e2e.conftest import NewPerson
from tests.e2e.wizard import heading
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

PROFILE = {
    "legal_name": "Keyboard Castings Ltd",
    "address_line_1": "1 Foundry Lane",
    "city": "Sheffield",
    "postal_code": "S1 2HE",
    "phone": "0114 496 0123",
    "contact_first_name": "Kay",
    "contact_last_name": "Board",
    "contact_email": "kay.board@keyboard.example",
}


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[name={name}]")


def button(page: Page, label: str) -> Locator:
    return page.get_by_role("button", name=label, exact=True)


def test_the_wizard_by_keyboard_alone(stack: Stack, new_person: NewPerson) -> None:
    page = new_person(reduced_motion="reduce")
    page.goto(f"{stack.base_url}/")
    keys.press(page, page.get_by_role("link", name="Register your organization"))

    # The skip link is the first stop, and passes over the steps.
    heading(page, "Register your organisation")
    keys.press(page, page.get_by_role("link", name="Skip to the content"))
    keys.press(page, button(page, "New image"))
    expect(page.get_by_role("status").filter(has_text="Here is a new image")).to_be_visible()
    expect(button(page, "New image")).to_be_focused()
    keys.go_to(page, field(page, "captcha_1"), key="Shift+Tab")
    page.keyboard.type(captcha(page, stack))
    page.keyboard.press("Enter")
    heading(page, "Welcome")
    keys.press(page, button(page, "Continue"))
    _profile(page)
    _administrators(page)
    _review(page)


def _profile(page: Page) -> None:
    """Errors are told at once, each one a link to its field."""
    heading(page, "Organization Profile")
    keys.press(page, button(page, "Next"))
    expect(page.get_by_role("alert").first).to_be_focused()
    keys.press(page, page.get_by_role("link", name="Country: Choose the country."))
    expect(page.get_by_label("Country")).to_be_focused()
    page.keyboard.type("United Kingdom")
    expect(page.get_by_label("Country")).to_have_value("GB")
    keys.press(page, page.get_by_role("link", name="Skip to the content"))
    for name, text in PROFILE.items():
        keys.type_into(page, field(page, name), text)
    applications = page.get_by_label("Secure File Transfer")
    if not applications.is_checked():
        keys.press(page, applications, "Space")
    page.keyboard.press("Enter")


def _administrators(page: Page) -> None:
    heading(page, "Organization Administrator")
    keys.press(page, page.get_by_label("Kay Board"), "Space")
    keys.press(page, page.get_by_label("Create somebody else"), "Space")
    for name, text in {"first_name": "Paula", "last_name": "Key", "email": "paula.key@keyboard.example"}.items():
        keys.type_into(page, field(page, f"new-{name}"), text)
    keys.press(page, button(page, "Next"))

    heading(page, "One Time Password")
    keys.type_into(page, field(page, "one_time_password"), "too short")
    keys.press(page, button(page, "Show One Time Password"), "Space")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(wizard.ONE_TIME_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[aria-current=true]")).to_have_text("Paula Key")
    keys.press(page, button(page, "Generate one for me"))

    heading(page, "Application Administrator(s)")
    keys.press(page, page.get_by_label("Paula Key"), "Space")
    keys.press(page, page.locator("summary").filter(has_text="Create another"))
    keys.go_to(page, field(page, "new-first_name"))
    keys.go_to(page, page.locator("summary").filter(has_text="Create another"), key="Shift+Tab")
    page.keyboard.press("Enter")
    keys.press(page, button(page, "Next"))


def _review(page: Page) -> None:
    heading(page, "Review registration details")
    keys.press(page, page.get_by_role("link", name="Edit").first)
    heading(page, "Organization Profile")
    keys.press(page, page.get_by_role("link", name="Back", exact=True))
    heading(page, "Review registration details")
    keys.press(page, button(page, "Submit"))
    onboarding.is_submitted(page)


def captcha(page: Page, stack: Stack) -> str:
    """What the image shows."""
    key = field(page, "captcha_0").input_value()
    with psycopg.connect(stack.run["database_url"]) as database:
        row = database.execute("SELECT response FROM captcha_captchastore WHERE hashkey = %s", [key]).fetchone()
    assert row
    return str(row[0])
