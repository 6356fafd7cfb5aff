"""The browser's engine in Chromium, against the real doors: progress, pause, resume, refusals, and equal bytes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from core import tokens
from tests.transfers.conftest import MIB, PART, Listener, Policy, make_user
from tests.transfers.sending import content_in_store, random_bytes, sha256
from tests.transfers.test_upload_pool import Pool
from transfers.models import Part, PartState, Upload, UploadState
from transfers.services import finishing, pushing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTENT = random_bytes(4 * PART + 12_345)
CSRF = "a" * 32

# What a page does with the engine: it keeps the transfer and what it said.
BEGIN = """async ({subject, uploadId, csrf}) => {
  const engine = await import("/static/js/uploader/uploader.js");
  const file = document.querySelector("input").files[0];
  window.uploader ??= new engine.Uploader({createUrl: "/transfers/uploads/", csrfToken: csrf, parallel: 2});
  window.said = [];
  window.sent = [];
  window.transfer = window.uploader.add(file, {subject, uploadId});
  window.transfer.addEventListener("state", (event) => window.said.push([event.detail.state, event.detail.code]));
  window.transfer.addEventListener("progress", () => window.sent.push(window.transfer.sent));
}"""
NOW = """() => {
  const {state, code, reason, id, acknowledged, sent, size, sha256} = window.transfer;
  return {state, code, reason, id, acknowledged, sent, size, sha256, said: window.said, busy: window.uploader.busy};
}"""


@pytest.fixture
def pool(
    worker_environment: dict[str, str], staging: Path, live_server: LiveServer, settings: LazySettings
) -> Iterator[Pool]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = {"MAG_POOL": "uploads", "NODE_NAME": "here", "STAGING_DIR": str(staging), "BASE_URL": live_server.url}
    settings.UPLOAD_ORIGINS = [f"http://127.0.0.1:{port}"]
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    directives = {**policy, "connect-src": [*policy["connect-src"], *settings.UPLOAD_ORIGINS]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    started = Pool({**worker_environment, **names}, port)
    started.start()
    yield started
    started.kill()


@pytest.fixture
def owner() -> User:
    return make_user("browser")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer, pool: Pool, owner: User) -> Page:
    page = context.new_page()
    client = Client()
    client.force_login(owner)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [
            {"name": name, "value": client.cookies[name].value, "url": live_server.url},
            {"name": django_settings.CSRF_COOKIE_NAME, "value": CSRF, "url": live_server.url},
        ]
    )
    open_page(page, live_server)
    return page


def open_page(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/healthz")
    page.evaluate("() => document.body.append(Object.assign(document.createElement('input'), {type: 'file'}))")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.step"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def worker() -> Iterator[None]:
    """Pushes and finishes whatever is due, as the workers would."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            for part_id in Part.objects.filter(state=PartState.STAGED).values_list("id", flat=True):
                pushing.push_part(part_id)
            for upload_id in Upload.objects.filter(state=UploadState.PUSHING).values_list("id", flat=True):
                finishing.finish_upload(upload_id)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()


def begin(page: Page, file: Path, *, upload_id: str | None = None, csrf: str = CSRF) -> None:
    page.locator("input").set_input_files(file)
    page.evaluate(BEGIN, {"subject": str(uuid4()), "uploadId": upload_id, "csrf": csrf})


def wait_for(page: Page, condition: str, *, seconds: float = 30) -> dict[str, Any]:
    """Wait until the transfer meets ``condition`` (JavaScript over ``transfer``), and say how it stands then."""
    page.wait_for_function(f"() => {condition}", timeout=seconds * 1000)
    now: dict[str, Any] = page.evaluate(NOW)
    return now


def slow_down(page: Page) -> None:
    """A line on which the file takes ten seconds, its first part about five."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2 * MIB}
    session.send("Network.emulateNetworkConditions", conditions)


def test_a_file_travels_from_the_disk_to_verified(page: Page, file: Path, worker: None, listener: Listener) -> None:
    begin(page, file)
    now = wait_for(page, "transfer.state === 'verified'")
    upload = Upload.objects.get()
    assert (now["id"], now["sha256"], now["acknowledged"]) == (str(upload.id), sha256(CONTENT), len(CONTENT))
    assert content_in_store(upload) == CONTENT
    assert upload.last_modified == int(file.stat().st_mtime * 1000)
    states = [state for state, _ in now["said"]]
    assert (states[0], states[-1], now["busy"]) == ("uploading", "verified", False)
    assert "failed" not in states
    sent = page.evaluate("() => sent")
    assert sent == sorted(sent)
    assert sent[-1] == len(CONTENT)
    assert listener.told == [("created", upload.id), ("stored", upload.id)]


def test_an_empty_file_travels_too(page: Page, tmp_path: Path, worker: None) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    begin(page, empty)
    assert wait_for(page, "transfer.state === 'verified'")["sha256"] == sha256(b"")


def test_a_pause_stops_and_only_the_rest_travels_after_it(page: Page, file: Path, worker: None) -> None:
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    page.evaluate("() => transfer.pause()")
    time.sleep(1)
    paused = wait_for(page, "transfer.state === 'paused'")
    staged_at = set(Part.objects.values_list("number", "staged_at"))
    assert 0 < paused["acknowledged"] < len(CONTENT)
    page.evaluate("() => transfer.resume()")
    wait_for(page, "transfer.state === 'verified'", seconds=60)
    assert staged_at <= set(Part.objects.values_list("number", "staged_at"))
    assert content_in_store(Upload.objects.get()) == CONTENT


def test_after_a_reload_only_missing_parts_travel(
    page: Page, file: Path, worker: None, live_server: LiveServer
) -> None:
    slow_down(page)
    begin(page, file)
    upload_id = wait_for(page, "transfer.acknowledged > 0")["id"]
    open_page(page, live_server)
    staged_at = set(Part.objects.values_list("number", "staged_at"))
    begin(page, file, upload_id=upload_id)
    wait_for(page, "transfer.state === 'verified'", seconds=60)
    assert staged_at
    assert staged_at <= set(Part.objects.values_list("number", "staged_at"))
    assert content_in_store(Upload.objects.get()) == CONTENT


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: random_bytes(len(content))])
def test_another_file_is_not_mixed_in(
    *, page: Page, file: Path, live_server: LiveServer, change: Callable[[bytes], bytes]
) -> None:
    slow_down(page)
    begin(page, file)
    upload_id = wait_for(page, "transfer.acknowledged > 0")["id"]
    open_page(page, live_server)
    file.write_bytes(change(CONTENT))
    begin(page, file, upload_id=upload_id)
    assert wait_for(page, "transfer.state === 'failed'")["code"] == "file_changed"


def test_a_killed_upload_pool_is_waited_for(page: Page, pool: Pool, file: Path, worker: None) -> None:
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    pool.kill()
    assert wait_for(page, "transfer.state === 'waiting'")["code"] == "network"
    pool.start()
    wait_for(page, "transfer.state === 'verified'", seconds=90)
    assert content_in_store(Upload.objects.get()) == CONTENT


def test_a_token_that_ended_is_renewed(page: Page, file: Path, worker: None, owner: User) -> None:
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    tokens.revoke_owned_by(owner.id)
    now = wait_for(page, "transfer.state === 'verified'", seconds=60)
    assert "sign_in_required" not in [code for _, code in now["said"]]


def test_a_session_that_ended_parks_the_upload(page: Page, file: Path, owner: User, live_server: LiveServer) -> None:
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    cookies = page.context.cookies()
    page.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    tokens.revoke_owned_by(owner.id)
    assert wait_for(page, "transfer.state === 'waiting' && transfer.code === 'sign_in_required'")["busy"]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.evaluate("() => transfer.resume()")
    wait_for(page, "transfer.state === 'uploaded'", seconds=60)
    assert Upload.objects.get().state == UploadState.PUSHING


def test_a_part_lost_after_completion_is_sent_again(page: Page, file: Path, staging: Path) -> None:
    begin(page, file)
    wait_for(page, "transfer.state === 'uploaded'")
    lost = Part.objects.get(number=2)
    (staging / lost.file).unlink()
    for part in Part.objects.all():
        pushing.push_part(part.id)
    assert Upload.objects.get().state == UploadState.RECEIVING
    page.wait_for_function("() => said.filter(([state]) => state === 'uploaded').length === 2")
    assert pushing.push_part(lost.id)
    assert finishing.finish_upload(lost.upload_id)
    wait_for(page, "transfer.state === 'verified'")
    assert content_in_store(Upload.objects.get()) == CONTENT


def test_giving_up_frees_the_upload(page: Page, file: Path) -> None:
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    page.evaluate("() => transfer.abort()")
    assert wait_for(page, "transfer.state === 'aborted'")["busy"] is False
    assert Upload.objects.get().state == UploadState.ABORTED


def test_what_the_policy_says_reaches_the_person(page: Page, file: Path, policy: Policy) -> None:
    from core.policies import refused

    policy.decision = refused("This package has been sent already.")
    begin(page, file)
    now = wait_for(page, "transfer.state === 'failed'")
    assert (now["code"], now["reason"]) == ("not_allowed", "This package has been sent already.")


def test_a_stale_page_asks_to_sign_in_again(page: Page, file: Path) -> None:
    begin(page, file, csrf="b" * 32)
    assert wait_for(page, "transfer.state === 'waiting'")["code"] == "sign_in_required"
    assert not Upload.objects.exists()
