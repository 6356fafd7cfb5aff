"""Somebody before a browser whose device can hold passkeys: Chromium's virtual authenticator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, CDPSession, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Session, User
from accounts.session_data import PROOFS
from accounts.session_store import SessionStore
from tests.accounts.stages import PASSWORD

BY_PASSKEY = re.compile("sign in with a passkey$", re.IGNORECASE)
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Sitting:
    """A person before a browser whose device can hold passkeys."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        self._device: str = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def is_at(self, path: str) -> None:
        expect(self.page).to_have_url(self.address + path)

    def type_password(self, user: User, *, then: str) -> None:
        self.open("/sign-in/")
        self.page.get_by_label("User ID or e-mail").fill(user.user_id)
        self.page.get_by_role("button", name=re.compile("continue$", re.IGNORECASE)).click()
        self.page.locator("[name=password]").fill(PASSWORD)
        self.press("Sign in")
        self.is_at(then)

    def show_passkey(self) -> None:
        self.page.get_by_role("button", name=BY_PASSKEY).click()

    def take_over(self, client: Client) -> None:
        """Go on where this client is."""
        cookies = [{"name": name, "value": held.value, "url": self.address} for name, held in client.cookies.items()]
        self.page.context.add_cookies(cookies)  # type: ignore[arg-type] # playwright wants its own dictionary type

    def sign_out(self) -> None:
        self.page.context.clear_cookies()

    def refuse_to_verify(self, *, refuses: bool = True) -> None:
        """The finger is not recognised, or is again."""
        self._tell("WebAuthn.setUserVerified", isUserVerified=not refuses)

    def let_proofs_grow_old(self, user: User) -> None:
        """What was proved in the one session of ``user`` was proved an hour ago."""
        session = SessionStore(Session.objects.get(user=user).session_key)
        long_ago = (timezone.now() - timedelta(hours=1)).isoformat()
        session[PROOFS] = dict.fromkeys(session[PROOFS], long_ago)
        session.save()

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._tell("WebAuthn.getCredentials")["credentials"]
        return found

    def _tell(self, command: str, **more: object) -> Any:
        return self._cdp.send(command, {"authenticatorId": self._device, **more})


@pytest.fixture
def sitting(browser: Browser, live_server: LiveServer, settings: LazySettings) -> Iterator[Sitting]:
    settings.OTP_WEBAUTHN_RP_ID = "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [live_server.url]
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    sitting = Sitting(context.new_page(), live_server.url)
    yield sitting
    context.close()
    assert sitting.complaints == []
