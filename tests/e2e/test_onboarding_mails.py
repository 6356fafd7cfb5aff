"""Every link of every mail that the tests before this one had sent: it leads somewhere, and looking changes nothing."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e import wizard
from tests.e2e.conftest import NewPerson
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

# The first look at an invitation is noted; it uses nothing up.
NOTED = {"orgs.invitation.open"}
SECRET = re.compile(r"/[\w-]{36,43}(?=/|$)")


def test_links_lead_somewhere_and_looking_changes_nothing(
    stack: Stack, playwright: Playwright, new_person: NewPerson
) -> None:
    wait_until(lambda: unsent(stack) == 0, within=30, what="all mail is sent")
    mails = stack.mails()
    links = {link: mail["subject"] for mail in mails for link in mail["links"]}
    assert all(link.startswith(f"{stack.base_url}/") for link in links)
    since = newest_event(stack)

    for link, subject in links.items():
        stranger = playwright.request.new_context()
        for answer in (stranger.head(link), stranger.get(link), stranger.get(link)):
            assert answer.ok or answer.status == HTTPStatus.GONE, f"{answer.status} of {link} in {subject!r}"
        stranger.dispose()
    # The same in a browser, where scripts run: one of each kind.
    for link in {SECRET.sub("/…", urlsplit(link).path): link for link in links}.values():
        page = new_person()
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.context.close()

    assert done_since(stack, since) <= NOTED
    assert unsent(stack) == 0
    assert len(stack.mails()) == len(mails)


def test_no_mail_tells_a_one_time_password(stack: Stack) -> None:
    for mail in stack.mails():
        assert wizard.ONE_TIME_PASSWORD not in mail["text"] + mail["html"], mail["subject"]


def unsent(stack: Stack) -> int:
    return int(ask(stack, "SELECT count(*) FROM core_mail WHERE state IN ('queued', 'sending')")[0][0])


def newest_event(stack: Stack) -> str:
    return str(ask(stack, "SELECT max(at) FROM core_auditevent")[0][0])


def done_since(stack: Stack, at: str) -> set[str]:
    return {row[0] for row in ask(stack, "SELECT DISTINCT action FROM core_auditevent WHERE at > %s", at)}


def ask(stack: Stack, query: str, *parameters: str) -> list[tuple[str, ...]]:
    with psycopg.connect(stack.run["database_url"]) as database:
        return list(database.execute(query, parameters).fetchall())
