"""What people do on both sides of a registration, besides the wizard of the plain journey (``wizard.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.eyes import look
from tests.e2e.people import Newcomer, follow, sign_in_as
from tests.e2e.wizard import heading, press
from tests.stack import Stack


def invite(page: Page, stack: Stack, person: Newcomer, company: str) -> dict[str, Any]:
    """An Organization Administrator of the demonstration invites; returns the mail."""
    if "/administration/" not in page.url:
        sign_in_as(page, stack, "Organization Administrator", "Aurora Aerospace, Inc.")
    page.goto(f"{stack.base_url}/administration/invitations/new/")
    fill(page, company_name=company, first_name=person.first_name, last_name=person.last_name, email=person.email)
    press(page, "Send invitation")
    expect(page.get_by_text(f"Your invitation to {company} is on its way")).to_be_visible()
    return stack.wait_for_mail(person.email, "You’re Invited to Collaborate")


def fill(page: Page, prefix: str = "", **fields: str) -> None:
    """Fill in fields by their names."""
    for name, value in fields.items():
        page.locator(f"[name={prefix}{name}]").fill(value)


def fill_in_person(page: Page, person: Newcomer) -> None:
    fill(page, "new-", first_name=person.first_name, last_name=person.last_name, email=person.email)


def fill_in_profile(page: Page, country: str, fields: Mapping[str, str]) -> None:
    page.get_by_label("Country").select_option(country)
    fill(page, **fields)


def secret_shown(page: Page) -> str:
    """The One-Time Password on the page, which is not there a second time."""
    secret = page.locator(".secret-value").inner_text()
    sheet = page.locator(".handover-sheet")
    expect(sheet).to_be_hidden()
    page.emulate_media(media="print")
    expect(sheet.get_by_text(secret, exact=True)).to_be_visible()
    expect(page.locator("main h1")).to_be_hidden()
    page.emulate_media(media="screen")
    page.reload()
    expect(page.get_by_text(secret)).to_have_count(0)
    return secret


def ask(page: Page, stack: Stack, company: str, question: str) -> None:
    """Operator staff follow their mail to the queue and ask for more."""
    clerk = sign_in_as(page, stack, "Operator staff")
    follow(page, stack.wait_for_mail(clerk["email"], company), "Review the registration")
    page.locator("summary").filter(has_text="Ask for more").click()
    page.get_by_label("What do you need to know?").fill(question)
    press(page, "Send the question")
    expect(page.get_by_text("your question is on its way").first).to_be_visible()


def approve_answered(page: Page, stack: Stack, company: str, *, shots: str = "") -> None:
    """The same clerk reads the answer and approves."""
    clerk = stack.account("Operator staff")
    follow(page, stack.wait_for_mail(clerk["email"], f"{company} has answered"), "Review the registration")
    if shots:
        look(page, f"{shots}-operator-answered")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    if dialog.count() and dialog.is_visible():
        dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("is approved as ORG-")).to_be_visible()


def is_submitted(page: Page) -> None:
    heading(page, "Submitted")
    expect(page.get_by_text("up to two business days")).to_be_visible()
