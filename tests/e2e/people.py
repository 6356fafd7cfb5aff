"""What people do in their browsers, in the words that the pages show them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from playwright.sync_api import Page, expect

from tests.e2e.eyes import look
from tests.stack import Stack

OWN_PASSWORD = "lantern orchard velvet 4821"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who registers a company, or whom somebody names."""

    first_name: str
    last_name: str
    email: str


def follow(page: Page, mail: dict[str, Any], label: str) -> None:
    """Click the link that the mail shows under ``label``, as one finds it in the message's HTML."""
    page.set_content(mail["html"])
    address = page.get_by_role("link", name=label).first.get_attribute("href")
    assert address, f"no link {label!r} in {mail['subject']!r}"
    assert address in mail["links"]
    page.goto(address)


def sign_in(page: Page, stack: Stack, user_id: str, password: str) -> None:
    page.goto(f"{stack.base_url}/")
    give_password(page, user_id, password)
    expect(page.get_by_role("link", name="Home").first).to_be_visible()


def give_password(page: Page, user_id: str, password: str) -> None:
    """On the two sign-in pages, wherever one was sent there from."""
    page.get_by_label("User ID or e-mail").fill(user_id)
    page.get_by_role("button", name="Accept and continue").click()
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in_as(page: Page, stack: Stack, role: str, organization: str = "") -> dict[str, str]:
    account = stack.account(role, organization=organization)
    sign_in(page, stack, account["user_id"], account["password"])
    return account


def solve_captcha(page: Page, stack: Stack) -> None:
    """Read what the image shows out of the database, as a person does with their eyes."""
    key = page.locator("input[name=captcha_0]").input_value()
    with psycopg.connect(stack.run["database_url"]) as database:
        row = database.execute("SELECT response FROM captcha_captchastore WHERE hashkey = %s", [key]).fetchone()
    assert row
    page.locator("input[name=captcha_1]").fill(row[0])


def first_time_login(
    page: Page, mail: dict[str, Any], one_time_password: str, *, user_id: str, shots: str = ""
) -> None:
    """From the mail with the User ID to Home, with an own password, the second factor put off, and the terms accepted."""
    assert user_id in mail["text"]
    assert one_time_password not in mail["text"] + mail["html"]
    follow(page, mail, "First-Time Login")
    page.get_by_label("User ID").fill(user_id)
    page.get_by_label("One-Time Password").fill(one_time_password)
    if shots:
        look(page, f"{shots}-first-time-login")
    page.get_by_role("button", name="Accept and continue").click()
    for field in page.locator("input[type=password]").all():
        field.fill(OWN_PASSWORD)
    if shots:
        look(page, f"{shots}-own-password")
    page.locator("main form button[type=submit]").click()
    if shots:
        look(page, f"{shots}-second-factor")
    page.get_by_role("button", name="Not now").click()
    if shots:
        look(page, f"{shots}-terms")
    page.get_by_label("I have read this and accept it").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="My Applications")).to_be_visible()


def user_id_in(mail: dict[str, Any]) -> str:
    """The User ID that a mail tells."""
    found = re.search(r"\b[a-z]+_\d{4,5}\b", mail["text"])
    assert found, mail["text"]
    return found.group()
