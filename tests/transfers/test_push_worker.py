"""The push worker as it really runs: woken by messages, and taking over what a killed one held."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from tests.transfers.conftest import PART, actor_of, make_user
from tests.transfers.sending import new_upload, random_bytes, send
from transfers.models import Node, Part, PartState

CONTENT = random_bytes(2 * PART + 3)


@pytest.fixture
def start_worker(worker_environment: dict[str, str], staging: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    environment = {**worker_environment, "NODE_NAME": "here", "STAGING_DIR": str(staging)}
    command = (sys.executable, "-m", "celery", "--app=mag_portal", "--quiet", "worker", "--pool=threads")
    options = ("--concurrency=2", "--queues=push.here", "--hostname=push@here", "--without-gossip", "--without-mingle")
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen((*command, *options), env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until_pushed(count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if Part.objects.filter(state=PartState.PUSHED).count() == count:
            return
        time.sleep(0.1)
    raise AssertionError(f"{Part.objects.filter(state=PartState.PUSHED).count()} of {count} part(s) were pushed.")


def test_a_worker_shows_its_node_before_anything_is_to_be_done(
    start_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    start_worker()
    deadline = time.monotonic() + 60
    while not Node.objects.filter(name="here", unanswered=0).exists():
        assert time.monotonic() < deadline, "The node has not shown itself."
        time.sleep(0.1)


def test_a_killed_worker_s_successor_goes_on_at_once(start_worker: Callable[[], subprocess.Popen[bytes]]) -> None:
    actor = actor_of(make_user("kill"))
    upload = new_upload(actor, CONTENT)
    worker = start_worker()
    send(actor, upload, CONTENT, 1)
    wait_until_pushed(1)
    worker.kill()
    worker.wait()
    held = send(actor, upload, CONTENT, 2).part
    Part.objects.filter(pk=held.pk).update(claimed_at=timezone.now())
    send(actor, upload, CONTENT, 3)
    start_worker()
    wait_until_pushed(3)
