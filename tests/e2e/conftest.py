from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

from tests.chromium import launch
from tests.e2e.slow_line import SlowLine
from tests.stack import Stack

NewPerson = Callable[..., Page]
UPLOADS_A_SECOND = 20 * 1024**2


@pytest.fixture
def new_person(browser: Browser) -> Iterator[NewPerson]:
    """A browser of one's own for each person, with what Playwright calls the options of a context.

    A script that the page's policy stops, or that breaks, fails the test.
    """
    with people_in(browser) as new_person:
        yield new_person


@pytest.fixture
def new_person_far_away(playwright: Playwright, stack: Stack) -> Iterator[NewPerson]:
    """The same, for people whose line to the upload pool carries ``UPLOADS_A_SECOND`` and no more."""
    pool = urlsplit(stack.variable("UPLOAD_ORIGINS")).port
    assert pool
    with SlowLine(target=pool, bytes_a_second=UPLOADS_A_SECOND) as line:
        browser = launch(playwright, f"--host-resolver-rules=MAP 127.0.0.1:{pool} 127.0.0.1:{line.port}")
        with people_in(browser) as new_person:
            yield new_person
        browser.close()


@contextmanager
def people_in(browser: Browser) -> Iterator[NewPerson]:
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_browser(**options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.extend(_stopped_by_policy(line)))
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def _stopped_by_policy(line: ConsoleMessage) -> list[str]:
    """What the policy stopped of the page's own; what axe tries, whose script has no address, is not meant."""
    address = line.location["url"]
    return [f"{address}: {line.text}"] if address and "Content Security Policy" in line.text else []
