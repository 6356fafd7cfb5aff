"""Fetching several files of a package from its page, by mouse and by keyboard, with the page's script and without."""

from __future__ import annotations

import time
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from sft.models import FileDownload, Package
from sft.services import delivery
from tests.sft import world as worlds
from tests.sft.uploading import store_for_real
from tests.sft.world import World, acting, draft
from tests.signing_in import fresh, let_in_by_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAMES = ("drawing.step", "notes.txt", "stress report, final version.pdf")


@pytest.fixture
def world(transactional_db: None) -> World:
    let_in_by_password()
    return worlds.build()


@pytest.fixture
def package(world: World) -> Package:
    package = draft(world)
    for name in NAMES:
        store_for_real(world, package, name.encode() * 1000, name=name)
    return delivery.send(acting(world.sender), package=package)


def opened(browser: Browser, live_server: LiveServer, world: World, package: Package, *, script: bool = True) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=script)
    cookies = fresh(world.recipient.user).cookies.items()
    context.add_cookies([{"name": name, "value": held.value, "url": live_server.url} for name, held in cookies])
    page = context.new_page()
    page.goto(f"{live_server.url}/sft/packages/{package.pk}/")
    return page


def unpacked(page: Page, press: str) -> list[str]:
    """The names in the archive that pressing this brings."""
    control = page.get_by_text(press)
    control.focus()
    with page.expect_download() as fetched:
        page.keyboard.press("Enter")
    with zipfile.ZipFile(fetched.value.path()) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def wait_for_receipts(count: int) -> None:
    """The last bytes are with the browser a moment before they are in the ledger."""
    deadline = time.monotonic() + 30
    while FileDownload.objects.count() < count and time.monotonic() < deadline:
        time.sleep(0.05)
    assert FileDownload.objects.count() == count


def test_ticked_files_and_all_files_by_keyboard(
    browser: Browser, live_server: LiveServer, world: World, package: Package
) -> None:
    page = opened(browser, live_server, world, package)
    page.get_by_label("notes.txt", exact=True).focus()
    page.keyboard.press("Space")
    assert unpacked(page, "Download ticked (.zip)") == ["notes.txt", "SHA256SUMS"]
    page.get_by_label("Tick all files").check()
    assert unpacked(page, "Download ticked (.zip)") == [*NAMES, "SHA256SUMS"]
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert unpacked(page, "Download all (.zip)") == [*NAMES, "SHA256SUMS"]
    page.context.close()
    wait_for_receipts(7)


def test_without_script_too(browser: Browser, live_server: LiveServer, world: World, package: Package) -> None:
    page = opened(browser, live_server, world, package, script=False)
    page.get_by_text("Download ticked (.zip)").click()
    expect(page.get_by_text("Tick the files that you want in the archive")).to_be_visible()
    page.get_by_label("drawing.step", exact=True).check()
    assert unpacked(page, "Download ticked (.zip)") == ["drawing.step", "SHA256SUMS"]
    page.context.close()
    wait_for_receipts(1)
