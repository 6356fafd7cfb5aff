"""First-Time Login and signing in as people see them, with everything that can be asked for, by keyboard alone."""

from __future__ import annotations

from base64 import b32decode

import pytest
from django.utils import timezone
from django_otp.oath import TOTP
from playwright.sync_api import Locator, Page, expect

from accounts.models import Notice, NoticeKind, RecoveryCode, User, UserState
from accounts.ports import FactorRule
from tests.accounts.stages import PASSWORD, Invited, Upstairs
from tests.e2e.keys import go_to, press, type_into
from tests.orgs.browsing import Viewer, viewer

__all__ = ["viewer"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def button(page: Page, label: str) -> None:
    press(page, page.get_by_role("button", name=label, exact=True))


def field(page: Page, name: str) -> Locator:
    return page.locator(f"input[name={name}]")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def code_on(page: Page) -> str:
    """What an app shows that was given the key on this page."""
    text = page.locator("[data-copy-value]").inner_text().replace(" ", "")
    totp = TOTP(b32decode(text + "=" * (-len(text) % 8)))
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"


def test_first_time_login_by_keyboard_alone(viewer: Viewer, invited: Invited, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    page = viewer.see("first-time-login", "/first-time-login/")
    heading(page, "First-Time Login")
    type_into(page, field(page, "user_id"), invited.user.user_id)
    type_into(page, field(page, "one_time_password"), invited.secret.lower())
    button(page, "Accept and continue")

    heading(page, "Choose your own password")
    viewer.see("first-time-login-password")
    type_into(page, field(page, "password"), PASSWORD)
    type_into(page, field(page, "repeated"), PASSWORD)
    press(page, page.locator("main form button[type=submit]"))

    heading(page, "Set up a second factor")
    button(page, "Set up an authenticator app")
    heading(page, "Set up an authenticator app")
    go_to(page, field(page, "code"))
    page.keyboard.type(code_on(page))
    button(page, "Continue")

    heading(page, "Recovery codes")
    button(page, "Show my recovery codes")
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    press(page, page.locator("main form input[type=checkbox]"), key="Space")
    button(page, "Continue")

    heading(page, "Terms of use")
    viewer.see("first-time-login-terms")
    button(page, "Continue")
    expect(page.get_by_text("Tick the box to accept.").first).to_be_visible()
    viewer.see("first-time-login-terms-refused")
    press(page, page.get_by_label("I have read this and accept it"), key="Space")
    button(page, "Continue")

    expect(page.get_by_text(f"Welcome, {invited.user.first_name}.")).to_be_visible()
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.ACTIVE
    assert RecoveryCode.objects.filter(user=invited.user).count() == 10


def test_signing_in_and_accepting_changed_terms_by_keyboard_alone(viewer: Viewer, person: User) -> None:
    Notice.objects.create(kind=NoticeKind.TERMS, version=2, text="Be good.\n\nAlways.")
    page = viewer.see("sign-in", "/sign-in/?next=/account/")
    expect(field(page, "identifier")).to_be_focused()
    page.keyboard.type(person.user_id)
    button(page, "Accept and continue")
    heading(page, "Password")
    expect(field(page, "password")).to_be_focused()
    viewer.see("sign-in-password")
    page.keyboard.type("wrong wrong wrong")
    button(page, "Sign in")
    expect(page.get_by_text("do not match").first).to_be_visible()
    viewer.see("sign-in-password-refused")
    type_into(page, field(page, "password"), PASSWORD)
    button(page, "Sign in")
    heading(page, "Terms of use")
    viewer.see("sign-in-terms")
    press(page, page.get_by_label("I have read this and accept it"), key="Space")
    button(page, "Continue")
    heading(page, "Profile")
    viewer.see("terms-in-force", "/terms/")


def test_staff_publish_the_next_version(viewer: Viewer, staff: User) -> None:
    viewer.sign_in(staff)
    page = viewer.see("notices", "/admin/accounts/notice/")
    page.get_by_role("link", name="Terms of use: next version").click()
    viewer.see("notice-next-version")
    page.get_by_label("Text").fill("")
    viewer.press("Publish")
    expect(page.get_by_text("Write what people are to read.").first).to_be_visible()
    viewer.see("notice-next-version-refused")
    page.get_by_label("Text").fill("Be good.")
    viewer.press("Publish")
    expect(page.get_by_text("Terms of use, version 2 is in force.")).to_be_visible()
