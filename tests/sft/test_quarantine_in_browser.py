"""A file with a finding, from its sender over two members of staff to its recipient, as each of them sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from core.models import Mail
from tests.e2e import packages
from tests.e2e.eyes import look
from tests.sft import world as worlds
from tests.sft.world import World, person
from tests.signing_in import fresh, let_in_by_password
from tests.transfers import clamd
from tests.transfers.browser import RunningPool, running_pool, send_over, worker
from tests.transfers.clamd import EICAR, FINDING, FakeScanner

__all__ = ["running_pool", "worker"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTENT = b"A drawing. " * 1000 + EICAR


@pytest.fixture
def scanner(settings: LazySettings) -> Iterator[None]:
    """Debian's clamd where there is one, else ours, which knows the same file by the same name."""
    if clamd.program():
        with clamd.running() as settings.CLAMD_URL:
            yield
        return
    fake = FakeScanner()
    fake.answer = lambda content: f"stream: {FINDING} FOUND\0".encode() if EICAR in content else b"stream: OK\0"
    settings.CLAMD_URL = fake.url
    yield
    fake.close()


@pytest.fixture
def world(transactional_db: None) -> World:
    let_in_by_password()
    return worlds.build()


@pytest.fixture
def gateway(running_pool: RunningPool, settings: LazySettings, scanner: None, worker: None) -> None:
    """Every process that a file passes: the upload pool, what pushes and finishes, the scanner."""
    settings.STAGING_DIR, settings.NODE_NAME = running_pool.staging, "here"
    send_over(settings, *running_pool.origins())


class People:
    """A browser for each of them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._contexts: list[BrowserContext] = []

    def page_of(self, who: User, path: str) -> Page:
        context = self._browser.new_context(base_url=self._address, viewport={"width": 1280, "height": 900})
        self._contexts.append(context)
        cookies = fresh(who).cookies.items()
        context.add_cookies([{"name": name, "value": held.value, "url": self._address} for name, held in cookies])
        page = context.new_page()
        page.goto(path)
        return page

    def leave(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def people(browser: Browser, live_server: LiveServer) -> Iterator[People]:
    made = People(browser, live_server.url)
    yield made
    made.leave()


def decide(page: Page, reason: str, button: str) -> None:
    page.get_by_label("Reason").locator("visible=true").fill(reason)
    page.get_by_role("button", name=button).click()


def test_a_finding_is_held_refused_asked_again_and_released_to_its_recipient(
    people: People, world: World, gateway: None, tmp_path: Path
) -> None:
    drawing = tmp_path / "drawing.step"
    drawing.write_bytes(CONTENT)

    # The sender is told while the page is still open, and what there is to do about it.
    emma = people.page_of(world.sender.user, "/sft/packages/new/")
    packages.address(emma, recipient=world.recipient.user.email, title="Wing spar")
    packages.choose(emma, drawing)
    row = emma.locator("[data-file-list] [data-file]")
    expect(row).to_contain_text("Held in quarantine", timeout=60_000)
    expect(row).to_contain_text(FINDING)
    emma.get_by_role("button", name="Send", exact=True).click()
    expect(emma.get_by_text("Remove it, or wait until the operator’s staff have decided about it.")).to_be_visible()
    look(emma, "quarantine-draft")

    # One of staff asks, and cannot decide.
    sam = people.page_of(person("Sam", staff=True), "/admin/")
    sam.get_by_role("link", name="Files in quarantine").first.click()
    sam.locator("#result_list tbody a").first.click()
    expect(sam.get_by_text("drawing.step")).to_have_count(0)
    decide(sam, "The maker of the scanner says so.", "Ask for release")
    expect(sam.get_by_text("A colleague has to release the file; you cannot.")).to_be_visible()
    expect(sam.get_by_role("button", name="Release the file")).to_have_count(0)
    look(sam, "quarantine-asked")

    # Another one refuses.
    rita = people.page_of(person("Rita", staff=True), sam.url)
    look(rita, "quarantine-decision")
    rita.get_by_text("Refuse", exact=True).click()
    rita.get_by_role("button", name="Leave it in quarantine").click()
    expect(rita.get_by_text("Say why").locator("visible=true").first).to_be_visible()
    page = rita.locator("details[open]")
    page.get_by_label("Reason").fill("Where does the maker say so?")
    page.get_by_role("button", name="Leave it in quarantine").click()
    expect(rita.get_by_text("Refused. The file stays in quarantine.")).to_be_visible()

    # The first asks again, better, and the other one lets it through.
    sam.reload()
    expect(sam.get_by_text("Where does the maker say so?")).to_be_visible()
    decide(sam, "Their bulletin 4711 names this very signature.", "Ask for release")
    rita.reload()
    expect(rita.get_by_text("bulletin 4711")).to_be_visible()
    release = rita.locator("form", has=rita.get_by_role("button", name="Release the file"))
    release.get_by_label("Reason").fill("I have read it.")
    release.get_by_role("button", name="Release the file").click()
    expect(rita.get_by_text("Released. The file is stored")).to_be_visible()
    look(rita, "quarantine-released")

    # Now it can be sent, and its recipient has it.
    emma.reload()
    expect(row).to_contain_text("Verified")
    emma.get_by_role("button", name="Send", exact=True).click()
    expect(emma.get_by_text("Delivered", exact=True).first).to_be_visible()
    hanna = people.page_of(world.recipient.user, "/sft/")
    hanna.get_by_role("link", name="Wing spar").click()
    look(hanna, "quarantine-recipient")
    assert packages.download(hanna, drawing.name, tmp_path / "fetched").read_bytes() == CONTENT
    told = set(Mail.objects.filter(to=world.sender.user.email).values_list("template", flat=True))
    assert {"sft/mail/file_quarantined", "sft/mail/file_released"} <= told
