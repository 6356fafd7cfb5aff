"""What dies on the way, and that nothing is lost by it."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from mag_portal.local import ports
from mag_portal.local.programs import redis_server
from tests.e2e import packages, wizard
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Newcomer, sign_in_as
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

RUTH = Newcomer("Ruth", "Reyes", "ruth.reyes@redwood.example")


def test_an_upload_survives_the_death_of_push_worker_and_upload_pool(
    stack: Stack, new_person_far_away: NewPerson, tmp_path: Path
) -> None:
    aaron, emma = new_person_far_away(), new_person_far_away()
    recipient = stack.account("Employee with access")
    sign_in_as(aaron, stack, "Application Administrator")
    packages.open_sft(aaron)
    source = tmp_path / "survivor.bin"
    sent = packages.make_file(source, 200, seed=2)
    packages.begin(aaron)
    packages.address(aaron, recipient=recipient["email"], title="Survivor")
    packages.choose(aaron, source)

    bar = aaron.locator("[data-file-list] [data-bar]")
    for process, percent in (("push", 15), ("uploads", 45)):
        wait_until(
            partial(_has_reached, bar, percent),
            within=60,
            what=f"{percent} % have been sent",
        )
        assert _percent(bar) < 100, "the upload was over before the kill"
        stack.wait_for_restart(process, killed=stack.kill(process))

    expect(aaron.get_by_text("Verified", exact=True).first).to_be_visible(timeout=120_000)
    aaron.get_by_role("button", name="Send", exact=True).click()
    expect(aaron.get_by_text("Delivered", exact=True).first).to_be_visible(timeout=60_000)

    sign_in_as(emma, stack, "Employee with access")
    packages.open_sft(emma)
    emma.get_by_role("link", name="Survivor").click()
    fetched = packages.download(emma, source.name, tmp_path / "fetched")
    assert packages.sha256_of(fetched) == sent


def test_after_a_reload_the_same_file_is_picked_and_only_missing_parts_travel(
    stack: Stack, new_person_far_away: NewPerson, tmp_path: Path
) -> None:
    page = new_person_far_away()
    sign_in_as(page, stack, "Application Administrator")
    packages.open_sft(page)
    source = tmp_path / "resumed.bin"
    packages.make_file(source, 128, seed=3)
    acknowledged: list[str] = []
    page.on("requestfinished", lambda request: acknowledged.extend(_part(request)))
    packages.begin(page)
    packages.address(page, recipient=stack.account("Employee with access")["email"], title="Resumed")
    packages.choose(page, source)
    wait_until(lambda: _pause(page) and len(acknowledged) >= 3, within=60, what="three parts have arrived")
    before = set(acknowledged)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_text("Pick the same file to continue").first).to_be_visible()
    again: list[str] = []
    page.on("request", lambda request: again.extend(_part(request)))
    packages.choose(page, source)
    expect(page.get_by_text("Verified", exact=True).first).to_be_visible(timeout=120_000)
    assert before
    assert again
    assert not before & set(again), "parts that had been acknowledged travelled again"


def _part(request: Request) -> list[str]:
    """The bytes that a PUT carries: a part, or a range of one."""
    return [f"{request.url} {request.headers.get('content-range')}"] if request.method == "PUT" else []


def _pause(page: Page) -> bool:
    """Let the browser's events come in."""
    page.wait_for_timeout(100)
    return True


def _has_reached(bar: Locator, percent: int) -> bool:
    return _percent(bar) >= percent


def _percent(bar: Locator) -> float:
    return float(bar.get_attribute("value") or 0)


class Redis:
    """A redis-server of the test's own, to stop and start at will on one port."""

    def __init__(self, folder: Path) -> None:
        self.port = ports.find(1)[0]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            (redis_server(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
            stdout=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_stack(tmp_path: Path, redis: Redis) -> Iterator[Stack]:
    running = Stack(tmp_path / "data")
    running.start(REDIS_URL=redis.url)
    yield running
    running.stop()


def test_a_registration_goes_through_without_redis_and_its_mails_leave_once_it_is_back(
    own_stack: Stack, redis: Redis, new_person: NewPerson
) -> None:
    page = new_person()
    page.goto(f"{own_stack.base_url}/register/")
    wizard.pass_captcha(page, own_stack)
    wizard.complete_profile(page, "Redwood Tooling", RUTH)
    redis.stop()
    wizard.name_oneself(page)
    wizard.enter_one_time_password(page)
    page.get_by_label("Ruth Reyes").check()
    wizard.press(page, "Next")
    wizard.submit(page)
    staff = [account["email"] for account in own_stack.run["accounts"] if account["role"] == "Operator staff"]
    page.wait_for_timeout(3000)
    assert own_stack.mails(to=RUTH.email) == []

    redis.start()
    own_stack.wait_for_mail(RUTH.email, "received", within=90)
    for email in staff:
        own_stack.wait_for_mail(email, "Redwood", within=90)
    page.wait_for_timeout(12_000)  # one more sweep
    told = Counter(mail["to"] for mail in own_stack.mails() if "Redwood" in mail["subject"] + mail["text"])
    assert told == Counter({RUTH.email: 1, **dict.fromkeys(staff, 1)})
