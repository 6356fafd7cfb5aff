"""The registration wizard, step by step, in the words and the order of the source text."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.eyes import look
from tests.e2e.people import Newcomer, solve_captcha
from tests.stack import Stack

ONE_TIME_PASSWORD = "marble-comet-thistle-09"


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def pass_captcha(page: Page, stack: Stack, *, shots: str = "") -> None:
    """Enter Captcha code and click Continue; click Continue again to proceed."""
    solve_captcha(page, stack)
    if shots:
        look(page, f"{shots}-captcha")
    press(page, "Continue")
    heading(page, "Welcome")
    if shots:
        look(page, f"{shots}-welcome")
    press(page, "Continue")


def complete_profile(page: Page, company: str, contact: Newcomer, *, shots: str = "") -> None:
    heading(page, "Organization Profile")
    form = {
        "Legal name": company,
        "Address line 1": "1 Foundry Lane",
        "City": "Sheffield",
        "Postal code": "S1 2HE",
        "Phone": "+44 114 496 0123",
    }
    page.get_by_label("Country").select_option("GB")
    for label, value in form.items():
        page.get_by_label(label, exact=False).first.fill(value)
    page.locator("[name=contact_first_name]").fill(contact.first_name)
    page.locator("[name=contact_last_name]").fill(contact.last_name)
    if page.locator("[name=contact_email]").is_editable():
        page.locator("[name=contact_email]").fill(contact.email)
    sft = page.get_by_label("Secure File Transfer")
    if sft.count():
        sft.check()
    if shots:
        look(page, f"{shots}-profile")
    press(page, "Next")


def name_oneself(page: Page, *, shots: str = "") -> None:
    """Select the Organization Administrator: oneself."""
    heading(page, "Organization Administrator")
    page.get_by_role("checkbox").first.check()
    if shots:
        look(page, f"{shots}-administrator")
    press(page, "Next")


def enter_one_time_password(page: Page, *, shots: str = "") -> None:
    heading(page, "One Time Password")
    page.get_by_label("One Time Password", exact=False).first.fill(ONE_TIME_PASSWORD)
    if shots:
        look(page, f"{shots}-one-time-password")
    press(page, "Create")


def create_application_administrator(page: Page, person: Newcomer, *, shots: str = "") -> None:
    """Create somebody new as the Application Administrator, with a One Time Password, and go on."""
    heading(page, "Application Administrator(s)")
    if shots:
        look(page, f"{shots}-application-administrators")
    page.locator("details:not([open]) > summary").filter(has_text="Create").first.click()
    page.locator("[name=new-first_name]").fill(person.first_name)
    page.locator("[name=new-last_name]").fill(person.last_name)
    page.locator("[name=new-email]").fill(person.email)
    page.locator("[name=new-one_time_password]").fill(ONE_TIME_PASSWORD)
    press(page, "Create")
    expect(page.get_by_label(f"{person.first_name} {person.last_name}")).to_be_checked()
    if shots:
        look(page, f"{shots}-application-administrators-named")
    press(page, "Next")


def submit(page: Page, *, shots: str = "") -> None:
    heading(page, "Review registration details")
    if shots:
        look(page, f"{shots}-review")
    press(page, "Submit")
    expect(page.get_by_text("up to two business days")).to_be_visible()
    if shots:
        look(page, f"{shots}-submitted")
