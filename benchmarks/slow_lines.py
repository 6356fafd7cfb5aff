"""A thousand slow senders at one node: what the upload pool needs for them, and whether anybody else notices."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlsplit

from benchmarks import portal
from benchmarks.figures import Figure
from mag_portal.local import ports

SENDERS = int(os.environ.get("BENCH_SENDERS", "1000"))
BYTES_A_SECOND = 50 * 1024
PART = 16 * 1024**2
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
PAGES = ("/sign-in/", "/help/login/", "/help/?q=password", "/transfers/uploads/")
TICK = 0.5
GOAL = 1.3


@dataclass
class Lines:
    """Connections that each send one part, a little every half second."""

    port: int
    token: str
    uploads: list[str]
    stop: threading.Event = field(default_factory=threading.Event)
    sent: int = 0
    broken: int = 0
    open: int = 0

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        await asyncio.gather(*(self._one(upload, number) for number, upload in enumerate(self.uploads)))

    async def _one(self, upload: str, number: int) -> None:
        await asyncio.sleep(number / len(self.uploads) * 5)
        body = bytes(PART)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        head = (
            f"PUT /transfers/uploads/{upload}/parts/1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {PART}\r\nContent-Digest: sha-256=:{digest}:\r\n\r\n"
        )
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(head.encode())
            self.open += 1
            slice_of = memoryview(body)[: int(BYTES_A_SECOND * TICK)]
            while not self.stop.is_set():
                writer.write(slice_of)
                await writer.drain()
                self.sent += len(slice_of)
                await asyncio.sleep(TICK)
            writer.close()
        except OSError:
            self.broken += 1


def main() -> list[Figure]:
    with portal.running() as gateway, _pool(gateway) as (port, pid):
        uploads = [str(gateway.ask("POST", "/transfers/uploads/", _new(number))["id"]) for number in range(SENDERS)]
        alone = _looks(gateway)
        memory_before = portal.resident_mib(pid)
        lines = Lines(port, gateway.token, uploads)
        thread = threading.Thread(target=lines.run)
        thread.start()
        time.sleep(10)
        beside = _looks(gateway)
        memory, threads = portal.resident_mib(pid), portal.threads(pid)
        lines.stop.set()
        thread.join()
    rate = lines.sent / 1024**2 / (SECONDS + 10)
    note = f"{lines.open} lines of 50 KiB/s, {rate:.0f} MiB/s together, {lines.broken} broken"
    return [
        Figure("pages' p95: ratio", [_p95(beside) / _p95(alone)], "×", note=note, goal=f"≤ {GOAL}"),
        Figure("pages without slow uploads", alone, "ms"),
        Figure("pages beside slow uploads", beside, "ms"),
        Figure("memory of the upload pool before", [memory_before], "MiB"),
        Figure("memory of the upload pool with them", [memory], "MiB"),
        Figure("threads of the upload pool with them", [float(threads)], "threads"),
    ]


def _new(number: int) -> dict[str, object]:
    return {"name": f"slow-{number}.bin", "size": PART}


def _looks(gateway: portal.Portal) -> list[float]:
    """Milliseconds of pages that one person after the other opens, for as long as the measurement lasts."""
    where = urlsplit(gateway.run["base_url"])
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=60)
    taken: list[float] = []
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for page in PAGES:
            begun = time.perf_counter()
            connection.request("GET", page, headers={"Authorization": f"Bearer {gateway.token}"})
            connection.getresponse().read()
            taken.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.05)
    return taken


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


@contextmanager
def _pool(gateway: portal.Portal) -> Iterator[tuple[int, int]]:
    """An upload pool with a thread for each sender, as docs/operations.md says to size one; its port and pid."""
    port = ports.find(1)[0]
    options = (
        "--worker-class=gthread",
        "--workers=1",
        f"--threads={SENDERS + 24}",
        f"--worker-connections={SENDERS + 100}",
    )
    command = (sys.executable, "-m", "gunicorn", "mag_portal.wsgi", f"--bind=127.0.0.1:{port}", *options)
    environment = {**os.environ, **gateway.variables(), "MAG_POOL": "uploads"}
    with subprocess.Popen((*command, "--no-control-socket", "--log-level=warning"), env=environment) as process:
        try:
            deadline = time.monotonic() + 60
            while not _answers(port) and time.monotonic() < deadline:
                time.sleep(0.2)
            yield port, process.pid
        finally:
            process.kill()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return bool(connection.getresponse().status)
    except OSError:
        return False
    finally:
        connection.close()
