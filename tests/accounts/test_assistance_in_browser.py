"""Help and the page of a wait, as people see them: by keyboard, wide and narrow, in any light."""

from __future__ import annotations

import pytest

from accounts.services.limits import SIGN_IN
from core.actor import Actor
from tests.orgs.browsing import Viewer, viewer

__all__ = ["viewer"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_somebody_stuck_finds_help_by_keyboard(viewer: Viewer) -> None:
    page = viewer.see("help-login", "/help/login/")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("locked out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/help/?q=locked+out")
    viewer.see("help-search")
    page.get_by_role("link", name="I am locked out").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/help/login/#too-many-tries")
    viewer.see("help-nothing-found", "/help/?q=xyzzy")
    viewer.see("help-registration", "/help/registration/")


def test_a_lost_one_time_password_is_asked_for_by_keyboard(viewer: Viewer) -> None:
    page = viewer.see("lost-one-time-password", "/help/one-time-password/")
    page.get_by_label("User ID or e-mail").focus()
    page.keyboard.type("smithj_4821")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Check your mail").wait_for()
    viewer.see("asked")
    viewer.see("who-looks-after", "/help/administrator/")


def test_a_wait_has_a_page_with_ways_out(viewer: Viewer) -> None:
    here = Actor.anonymous(ip="127.0.0.1")
    for _ in range(SIGN_IN.here.free):
        SIGN_IN.knock(here, "nobodyn_0000")
    page = viewer.open("/sign-in/")
    viewer.fill(identifier="nobodyn_0000")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/sign-in/password/")
    viewer.fill(password="wrong wrong wrong")
    viewer.press("Sign in")
    page.get_by_role("heading", name="Too many tries").wait_for()
    viewer.see("wait")
