"""An access token as its owner makes, copies and revokes it."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.models import User
from tests.accounts.stages import enter
from tests.accounts.test_access_tokens import refused_with, use
from tests.orgs.browsing import Viewer, viewer

__all__ = ["viewer"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_it_is_made_copied_and_revoked(viewer: Viewer, person: User) -> None:
    client = Client()
    enter(client, person.user_id)
    viewer.take_over(client)
    viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = viewer.see("access-tokens-none", "/account/access-tokens/")
    page.get_by_role("link", name="Make a token").click()
    viewer.see("access-token-new")
    viewer.press("Make the token")
    expect(page.get_by_role("alert").first).to_contain_text("Choose at least one thing")
    viewer.fill(name="Build server in Wichita")
    page.get_by_label("Send files").check()
    viewer.press("Make the token")
    viewer.press("Copy")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    secret = page.evaluate("navigator.clipboard.readText()")
    assert use(secret).user_id == person.id
    viewer.see("access-token-made")
    page.get_by_role("link", name="I have copied it").click()
    viewer.see("access-tokens")
    viewer.press("Revoke")
    dialog = page.get_by_role("dialog", name="Revoke “Build server in Wichita”?")
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked by its owner")).to_be_visible()
    viewer.see("access-tokens-revoked")
    assert refused_with(secret) == (401, "token_revoked")
