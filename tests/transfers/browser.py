"""The engine in Chromium against the real doors: a page, the upload pool as a process, and what tests ask of them.

A test module imports the fixtures it uses; the pool is started once for a module.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Request
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.transfers.conftest import MIB, make_user
from tests.transfers.test_upload_pool import Pool
from transfers.models import Part, PartState, Piece, Upload, UploadState
from transfers.services import finishing, pieces, pushing

CSRF = "a" * 32
# Chromium takes every name below localhost for this machine.
NAMES = ("127.0.0.1", "up1.localhost", "up2.localhost", "up3.localhost")

# What a page does with the engine: it keeps the transfer and what it said.
BEGIN = """async ({subject, uploadId, csrf, parallel}) => {
  const engine = await import("/static/js/uploader/uploader.js");
  const file = document.querySelector("input").files[0];
  window.uploader ??= new engine.Uploader({createUrl: "/transfers/uploads/", csrfToken: csrf, parallel});
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


@dataclass
class RunningPool:
    """The upload pool's process, and the folder that it stages parts in."""

    process: Pool
    staging: Path

    def staged(self, upload: Upload) -> bytes:
        """The upload's parts as they lie in the folder, one after the other, once the node has joined their pieces."""
        join_pieces()
        files = upload.parts.order_by("number").values_list("file", flat=True)
        return b"".join((self.staging / file).read_bytes() for file in files)

    def origins(self, *names: str) -> list[str]:
        return [f"http://{name}:{self.process.port}" for name in names or NAMES[:1]]


@pytest.fixture(scope="module")
def running_pool(
    django_db_setup: None, live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPool]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    staging = tmp_path_factory.mktemp("staging")
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": (
            f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        ),
        "MAG_POOL": "uploads",
        "NODE_NAME": "here",
        "STAGING_DIR": str(staging),
        "BASE_URL": live_server.url,
        "ALLOWED_HOSTS": ",".join(NAMES),
    }
    pool = RunningPool(Pool(environment, port), staging)
    pool.process.start()
    yield pool
    pool.process.kill()


@pytest.fixture
def pool(running_pool: RunningPool, staging: Path, settings: LazySettings) -> RunningPool:
    settings.STAGING_DIR = running_pool.staging
    send_over(settings, *running_pool.origins())
    return running_pool


def send_over(settings: LazySettings, *origins: str) -> None:
    """Let pages opened from now on send to these origins."""
    settings.UPLOAD_ORIGINS = list(origins)
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "connect-src": [*policy["connect-src"], *origins]}}


@pytest.fixture
def small_parts(settings: LazySettings) -> None:
    """Parts that no store would take in the middle of a file: for tests in which none has to."""
    settings.UPLOAD_PART_BYTES = MIB


@pytest.fixture
def owner() -> User:
    return make_user("browser")


@pytest.fixture
def context(browser: Browser, owner: User, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A browser in which the owner has signed in."""
    client = Client()
    client.force_login(owner)
    name = django_settings.SESSION_COOKIE_NAME
    with browser.new_context(base_url=live_server.url) as context:
        context.add_cookies(
            [
                {"name": name, "value": client.cookies[name].value, "url": live_server.url},
                {"name": django_settings.CSRF_COOKIE_NAME, "value": CSRF, "url": live_server.url},
            ]
        )
        yield context


@pytest.fixture
def page(context: BrowserContext, pool: RunningPool) -> Page:
    return open_page(context.new_page())


def open_page(page: Page) -> Page:
    """An empty page of ours, or the same one reloaded."""
    page.goto("/healthz")
    page.evaluate("() => document.body.append(Object.assign(document.createElement('input'), {type: 'file'}))")
    return page


@pytest.fixture
def worker() -> Iterator[None]:
    """Pushes and finishes whatever is due, as the workers would."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            join_pieces()
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


def join_pieces() -> None:
    """Put parts together that came in pieces, as the node's worker would."""
    for upload_id, number in Piece.objects.order_by().values_list("upload", "number").distinct():
        pieces.join(upload_id, number)


def begin(page: Page, file: Path, *, upload_id: str | None = None, csrf: str = CSRF, parallel: int = 2) -> None:
    page.locator("input").set_input_files(file)
    page.evaluate(BEGIN, {"subject": str(uuid4()), "uploadId": upload_id, "csrf": csrf, "parallel": parallel})


def wait_for(page: Page, condition: str, *, seconds: float = 30) -> dict[str, Any]:
    """Wait until the transfer meets ``condition`` (JavaScript over ``transfer``), and say how it stands then."""
    page.wait_for_function(f"() => {condition}", timeout=seconds * 1000)
    now: dict[str, Any] = page.evaluate(NOW)
    return now


def slow_down(page: Page, *, bytes_a_second: int = 2 * MIB) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    session.send("Network.emulateNetworkConditions", conditions)


def puts_of(page: Page) -> list[Request]:
    """Every PUT of the page from now on, in a list that grows."""
    puts: list[Request] = []
    page.on("request", lambda request: puts.append(request) if request.method == "PUT" else None)
    return puts


def host_of(request: Request) -> str:
    return str(urlsplit(request.url).hostname)


def range_of(request: Request) -> tuple[int, int]:
    """The first and the last byte of the file that a PUT carries."""
    first, _, last = request.headers["content-range"].removeprefix("bytes ").partition("/")[0].partition("-")
    return int(first), int(last)


def part_of(request: Request) -> int:
    return range_of(request)[0] // django_settings.UPLOAD_PART_BYTES + 1
