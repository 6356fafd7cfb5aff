"""A browser before the pages of a test's own database, in which people sign in without typing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from orgs.models import Membership
from tests.chromium import emptied
from tests.e2e.eyes import look_in_any_light


class Viewer:
    """``page`` shows what is opened; what breaks in it, or is stopped by its policy, is in ``complaints``."""

    def __init__(self, page: Page, address: str, complaints: list[str]) -> None:
        self.page = page
        self.address = address
        self.complaints = complaints

    def open(self, path: str, *, status: int = 200) -> Page:
        answer = self.page.goto(self.address + path)
        assert answer
        assert answer.status == status, path
        return self.page

    def see(self, name: str, path: str = "", *, status: int = 200) -> Page:
        """Look at the page at ``path``, or at the one that is open."""
        if path:
            self.open(path, status=status)
        look_in_any_light(self.page, name)
        return self.page

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)

    def sign_in(self, who: Membership | User) -> None:
        client = Client()
        client.force_login(who.user if isinstance(who, Membership) else who)
        self.take_over(client)

    def take_over(self, client: Client) -> None:
        """Go on where this client is."""
        self.page.context.clear_cookies()
        for name, cookie in client.cookies.items():
            self.page.context.add_cookies([{"name": name, "value": cookie.value, "url": self.address}])


@pytest.fixture
def viewer(everybodys: Page, live_server: LiveServer) -> Iterator[Viewer]:
    complaints: list[str] = []
    with emptied(everybodys, complaints=complaints) as page:
        yield Viewer(page, live_server.url, complaints)
    assert complaints == []
