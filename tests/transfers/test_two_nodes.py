"""Two nodes, each with a staging folder and a push worker of its own, and one database."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from core import wakeups
from core.actor import Actor
from tests.transfers.conftest import PART, actor_of, make_user
from tests.transfers.sending import content_in_store, new_upload, random_bytes, send, sha256
from transfers import queries
from transfers.errors import PartsMissing
from transfers.models import Node, Part, PartState, Upload, UploadState
from transfers.queries import NODE_LOST_AFTER
from transfers.services import finishing, parts, room, sweeping, uploads
from transfers.services.parts import Announced
from transfers.services.staged import push_queue

CONTENT = random_bytes(4 * PART + 3)
NODES = ("left", "right")

Worker = subprocess.Popen[bytes]


@pytest.fixture
def actor(transactional_db: None) -> Actor:
    return actor_of(make_user("nodes"))


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


@pytest.fixture
def be(settings: LazySettings, tmp_path: Path) -> Callable[[str], Path]:
    """From here on, requests are answered by this node."""

    def become(node: str) -> Path:
        settings.NODE_NAME, settings.STAGING_DIR = node, tmp_path / node
        room.forget()
        return tmp_path / node

    return become


@pytest.fixture
def start_worker(worker_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    command = (sys.executable, "-m", "celery", "--app=mag_portal", "--quiet", "worker", "--pool=threads")
    started: list[Worker] = []

    def start(node: str) -> Worker:
        options = ("--concurrency=2", f"--queues={push_queue(node)}", f"--hostname=push@{node}")
        environment = {**worker_environment, "NODE_NAME": node, "STAGING_DIR": str(tmp_path / node)}
        quiet = ("--without-gossip", "--without-mingle")
        started.append(subprocess.Popen((*command, *options, *quiet), env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def pushed() -> set[int]:
    return set(Part.objects.filter(state=PartState.PUSHED).values_list("number", flat=True))


def give_up(node: str) -> None:
    Node.objects.update_or_create(name=node, defaults={"unanswered": NODE_LOST_AFTER})
    sweeping.ask_nodes()


def send_range(actor: Actor, upload: Upload, number: int, start: int, size: int) -> None:
    body = CONTENT[(number - 1) * PART + start :][:size]
    announced = Announced(number, size, sha256(body), start, upload.length_of(number))
    parts.receive(actor, upload=upload, announced=announced, read=io.BytesIO(body).read)


def test_the_sender_is_asked_for_exactly_what_lay_on_a_dead_node(
    actor: Actor, upload: Upload, be: Callable[[str], Path], start_worker: Callable[[str], Worker]
) -> None:
    """Requests are spread over both. A part whose ranges came to both is put together at its home, through the store."""
    left, right = (start_worker(node) for node in NODES)
    be("left")
    send(actor, upload, CONTENT, 1)
    send_range(actor, upload, 4, 0, 1000)
    be("right")
    send(actor, upload, CONTENT, 2)
    send_range(actor, upload, 4, 1000, PART - 1000)
    wait_until(lambda: pushed() == {1, 2, 4})
    right.kill()
    right.wait()
    send(actor, upload, CONTENT, 3)
    be("left")
    send(actor, upload, CONTENT, 5)
    assert queries.missing_numbers(upload) == []
    assert uploads.complete(actor, upload=upload).state == UploadState.PUSHING
    give_up("right")
    upload = Upload.objects.get(pk=upload.pk)
    assert (upload.state, queries.missing_numbers(upload)) == (UploadState.RECEIVING, [3])
    with pytest.raises(PartsMissing) as refusal:
        uploads.complete(actor, upload=upload)
    assert refusal.value.numbers == [3]
    send(actor, upload, CONTENT, 3)
    uploads.complete(actor, upload=upload)
    wait_until(lambda: pushed() == {1, 2, 3, 4, 5})
    assert finishing.finish_upload(upload.id) is not None
    assert content_in_store(upload) == CONTENT
    assert left.poll() is None


def test_the_offset_falls_to_what_is_safe_when_a_node_is_lost(
    actor: Actor, upload: Upload, be: Callable[[str], Path]
) -> None:
    be("left")
    send(actor, upload, CONTENT, 1)
    be("right")
    send(actor, upload, CONTENT, 2)
    send_range(actor, upload, 3, 0, 1000)
    assert queries.contiguous_bytes(upload) == 2 * PART + 1000
    be("left")
    assert queries.contiguous_bytes(upload) == 2 * PART + 1000
    give_up("right")
    assert queries.contiguous_bytes(upload) == PART
    assert wakeups.waiting(push_queue("left")) > 0
