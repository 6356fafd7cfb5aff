from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

NewPerson = Callable[[], Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "Browser tests need Chromium: apt-get install chromium, or set CHROMIUM to its path."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_person(browser: Browser) -> Iterator[NewPerson]:
    """A browser of one's own for each person; a script that the page's policy stops, or that breaks, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_browser() -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.extend(_stopped_by_policy(line.text)))
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def _stopped_by_policy(line: str) -> list[str]:
    return [line] if "Content Security Policy" in line else []
