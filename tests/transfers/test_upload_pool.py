"""The upload pool as it really runs: gunicorn on a socket, with lines that break and a process that is killed."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from django.conf import LazySettings

from core.actor import Actor
from tests.transfers.conftest import MIB, actor_of, make_user
from tests.transfers.sending import content_in_store, files_in, new_upload, push_all, random_bytes
from transfers.digests import content_digest
from transfers.models import Part, Upload
from transfers.services import finishing, tokens, uploads

PART_16 = 16 * MIB
CONTENT = random_bytes(2 * PART_16 + 3)
SLOW_LINES = 100
FEW_FILES = 128


@dataclass
class Pool:
    """One gunicorn of the upload pool, which can be killed and started again."""

    environment: dict[str, str]
    port: int
    threads: int = 8
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        size = ("--workers=1", f"--threads={self.threads}")
        options = ("--config=python:mag_portal.local.gunicorn", "--worker-class=gthread", *size)
        # The system's usual limit of open files is too low for many lines: the pool raises it.
        few_files = ("prlimit", f"--nofile={FEW_FILES}:")
        command = (sys.executable, "-m", "gunicorn", "mag_portal.wsgi", f"--bind=127.0.0.1:{self.port}", *options)
        self.process = subprocess.Popen(
            (*few_files, *command, "--no-control-socket", "--log-level=warning"), env=self.environment
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("The upload pool did not start.")

    def kill(self) -> None:
        assert self.process is not None
        workers = psutil.Process(self.process.pid).children()
        self.process.kill()
        self.process.wait()
        # The kernel kills the workers with their master.
        psutil.wait_procs(workers, timeout=10)

    @property
    def worker(self) -> psutil.Process:
        assert self.process is not None
        (worker,) = psutil.Process(self.process.pid).children()
        return worker

    def resident_bytes(self) -> int:
        size: int = self.worker.memory_info().rss
        return size


@pytest.fixture
def pool(request: pytest.FixtureRequest, worker_environment: dict[str, str], staging: Path) -> Iterator[Pool]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**worker_environment, "MAG_POOL": "uploads", "NODE_NAME": "here", "STAGING_DIR": str(staging)}
    started = Pool({"MALLOC_ARENA_MAX": "2", **environment}, port, threads=getattr(request, "param", 8))
    started.start()
    yield started
    started.kill()


@pytest.fixture
def actor(transactional_db: None, settings: LazySettings) -> Actor:
    settings.UPLOAD_PART_BYTES = PART_16
    return actor_of(make_user("pool"))


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


@pytest.fixture
def secret(actor: Actor, upload: Upload) -> str:
    return tokens.grant(actor, upload=upload).secret


def headers_for(body: bytes, secret: str) -> dict[str, str]:
    digest = content_digest(hashlib.sha256(body).hexdigest())
    return {"Authorization": f"Bearer {secret}", "Content-Digest": digest, "Content-Length": str(len(body))}


def piece(number: int) -> bytes:
    return CONTENT[(number - 1) * PART_16 : number * PART_16]


def put(line: http.client.HTTPConnection, upload: Upload, number: int, body: bytes, secret: str) -> int:
    line.request("PUT", f"/transfers/uploads/{upload.id}/parts/{number}/", body, headers_for(body, secret))
    answer = line.getresponse()
    answer.read()
    return answer.status


def send_half(pool: Pool, upload: Upload, number: int, secret: str) -> socket.socket:
    """Send a part up to its middle, wait until that has arrived, and leave the line open."""
    body = piece(number)
    lines = [f"PUT /transfers/uploads/{upload.id}/parts/{number}/ HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers_for(body, secret).items()]
    line = socket.create_connection(("127.0.0.1", pool.port))
    line.sendall("\r\n".join([*lines, "", ""]).encode() + body[: PART_16 // 2])
    return line


def wait_until_half_is_staged(staging: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if staging.exists() and any(path.stat().st_size >= PART_16 // 2 - MIB for path in staging.iterdir()):
            return
        time.sleep(0.05)
    raise AssertionError("Half a part did not reach the staging folder.")


def test_a_line_that_breaks_in_the_middle_leaves_nothing(
    pool: Pool, upload: Upload, secret: str, staging: Path
) -> None:
    line = send_half(pool, upload, 1, secret)
    wait_until_half_is_staged(staging)
    line.close()
    deadline = time.monotonic() + 30
    while files_in(staging) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert files_in(staging) == []
    assert not Part.objects.exists()
    assert put(http.client.HTTPConnection("127.0.0.1", pool.port), upload, 1, piece(1), secret) == 201


def test_parts_follow_each_other_on_one_line(pool: Pool, upload: Upload, secret: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", pool.port)
    assert [put(line, upload, number, piece(number), secret) for number in (1, 2, 3, 3)] == [201, 201, 201, 200]


def test_a_refused_body_costs_its_line_and_no_other(pool: Pool, upload: Upload, secret: str) -> None:
    """The body is not read for a refusal, so the line may end; the next one works."""
    refused = http.client.HTTPConnection("127.0.0.1", pool.port)
    with contextlib.suppress(ConnectionError):
        assert put(refused, upload, 1, piece(1), "wrong") == 401
    assert put(http.client.HTTPConnection("127.0.0.1", pool.port), upload, 1, piece(1), secret) == 201


def test_a_refusal_is_heard_by_who_sends_to_the_end_before_listening(pool: Pool, upload: Upload, secret: str) -> None:
    for _ in range(5):
        line = http.client.HTTPConnection("127.0.0.1", pool.port)
        assert put(line, upload, 1, piece(1), "wrong") == 401


def test_a_killed_pool_loses_only_what_it_had_not_acknowledged(
    actor: Actor, pool: Pool, upload: Upload, secret: str, staging: Path
) -> None:
    assert put(http.client.HTTPConnection("127.0.0.1", pool.port), upload, 1, piece(1), secret) == 201
    acknowledged = files_in(staging)
    with send_half(pool, upload, 2, secret):
        wait_until_half_is_staged(staging)
        pool.kill()
    assert [part.number for part in Part.objects.all()] == [1]
    assert set(acknowledged) < set(files_in(staging))
    pool.start()
    line = http.client.HTTPConnection("127.0.0.1", pool.port)
    assert [put(line, upload, number, piece(number), secret) for number in (1, 2, 3)] == [200, 201, 201]
    uploads.complete(actor, upload=upload)
    push_all(upload)
    assert finishing.finish_upload(upload.id)
    assert content_in_store(upload) == CONTENT


def test_memory_stays_flat_whatever_passes_through(pool: Pool, actor: Actor) -> None:
    line = http.client.HTTPConnection("127.0.0.1", pool.port)
    size = 12 * PART_16
    upload = uploads.create(actor, subject=actor.user_id, name="large", size=size)
    secret = tokens.grant(actor, upload=upload).secret
    for number in (1, 2):
        put(line, upload, number, piece(1), secret)
    before = pool.resident_bytes()
    for number in range(3, 13):
        assert put(line, upload, number, piece(1), secret) == 201
    assert pool.resident_bytes() - before < 8 * MIB
    assert pool.resident_bytes() < 120 * MIB


@pytest.mark.parametrize("pool", [SLOW_LINES + 2], indirect=True)
def test_many_slow_lines_take_a_thread_each_and_little_memory(pool: Pool, actor: Actor, settings: LazySettings) -> None:
    """The worker falls behind for a moment, so that every line has much at once: what each is lent stays little."""
    settings.UPLOAD_PART_BYTES = MIB
    upload = uploads.create(actor, subject=actor.user_id, name="slow", size=SLOW_LINES * MIB)
    secret = tokens.grant(actor, upload=upload).secret
    body = CONTENT[:MIB]
    put(http.client.HTTPConnection("127.0.0.1", pool.port), upload, 1, body, secret)
    before = pool.resident_bytes()
    lines = [begin(pool, upload, number, body, secret) for number in range(1, SLOW_LINES + 1)]
    deadline = time.monotonic() + 30
    while pool.worker.num_threads() < SLOW_LINES and time.monotonic() < deadline:
        time.sleep(0.05)
    pool.worker.suspend()
    for line in lines:
        line.send(body)
    pool.worker.resume()
    assert {line.getresponse().status for line in lines} == {200, 201}
    assert Part.objects.filter(upload=upload).count() == SLOW_LINES
    assert pool.worker.num_threads() < SLOW_LINES + 10
    assert pool.resident_bytes() - before < 25 * MIB


def begin(pool: Pool, upload: Upload, number: int, body: bytes, secret: str) -> http.client.HTTPConnection:
    """Announce a part and send nothing of it yet."""
    line = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=60)
    line.putrequest("PUT", f"/transfers/uploads/{upload.id}/parts/{number}/")
    for name, value in headers_for(body, secret).items():
        line.putheader(name, value)
    line.endheaders()
    return line
