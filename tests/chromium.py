"""Chromium for tests, one a test process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, ViewportSize, expect, sync_playwright

Theme = Literal["light", "dark"]
# How long a page may take to show what is expected of it: no test measures that, and two cores carry all of them. Who waits
# without ``expect`` has the half minute of Playwright.
expect.set_options(timeout=30_000)
WIDE: ViewportSize = {"width": 1280, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright keeps an event loop running in the thread of the tests; Django must not take that for an async view."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def everybodys(browser: Browser) -> Iterator[Page]:
    """A page for ``emptied``."""
    context = browser.new_context(viewport=WIDE)
    yield context.new_page()
    context.close()


@contextmanager
def emptied(page: Page, *, complaints: list[str], theme: Theme = "light") -> Iterator[Page]:
    """``page`` as in a new browser, for whoever needs nothing of one but that it is empty: a new one starts processes and
    reads all styles and scripts anew, which takes a second.

    What breaks in it, or is stopped by its policy, goes to ``complaints``.
    """

    def broken(error: Error) -> None:
        complaints.append(str(error))

    def said(line: ConsoleMessage) -> None:
        # What axe tries, whose script has no address, is not meant.
        if line.location["url"] and "Content Security Policy" in line.text:
            complaints.append(line.text)

    page.set_viewport_size(WIDE)
    page.emulate_media(media="null", color_scheme=theme)
    page.on("pageerror", broken)
    page.on("console", said)
    try:
        yield page
    finally:
        page.remove_listener("pageerror", broken)
        page.remove_listener("console", said)
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
        page.context.clear_cookies()
        page.context.clear_permissions()


def launch(playwright: Playwright, *flags: str) -> Browser:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "Browser tests need Chromium: apt-get install chromium, or set CHROMIUM to its path."
    return playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *flags])
