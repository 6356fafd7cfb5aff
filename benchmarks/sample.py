"""Files to measure with, and one way of sending them: ``mag-sft``, as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path
from uuid import UUID

import urllib3

from benchmarks.portal import REPOSITORY, Portal
from mag_sft.gateway import Gateway

MIB = 1024**2
LONGEST_WAIT = 1800
LOOK_SECONDS = 0.02
# The clock is the machine's, not the process's.
MAG_SFT = (
    "import sys, time\n"
    "from mag_sft.cli import main\n"
    "print(time.monotonic(), flush=True)\n"
    "sys.exit(main(sys.argv[1:]))\n"
)


def file(path: Path, mib: int) -> Path:
    """A file of random bytes, the same MiB over and over: neither network nor store compress."""
    block = os.urandom(MIB)
    with path.open("wb") as target:
        for _ in range(mib):
            target.write(block)
    return path


def sparse(path: Path, mib: int) -> Path:
    """A file of zeros that takes no room on the disk."""
    with path.open("wb") as target:
        target.truncate(mib * MIB)
    return path


def send(gateway: Portal, path: Path, *, mib_a_second: float = 0, connections: int = 6) -> UUID:
    """Send a file; returns its id once the gateway has acknowledged every byte and was asked to complete it.

    At ``mib_a_second`` it is sent part by part by one connection that keeps to this speed.
    """
    if mib_a_second:
        return _send_slowly(gateway, path, mib_a_second)
    return timed_send(gateway, path, connections=connections)[0]


def timed_send(gateway: Portal, path: Path, *, connections: int = 6) -> tuple[UUID, float]:
    """``send`` as fast as it goes, and when it began (``time.monotonic``): once the interpreter had started."""
    command = (sys.executable, "-c", MAG_SFT, "upload", "--json", "--no-wait", f"--connections={connections}", path)
    done = subprocess.run(
        tuple(map(str, command)),
        cwd=REPOSITORY,
        env=client_environment(gateway),
        check=True,
        capture_output=True,
        text=True,
    )
    begun, said = done.stdout.split("\n", 1)
    return UUID(json.loads(said)["upload_id"]), float(begun)


def client_environment(gateway: Portal) -> dict[str, str]:
    """What ``mag-sft`` finds its gateway and token by; what it keeps goes with the gateway's folder."""
    run = gateway.run
    return {
        **os.environ,
        "MAG_SFT_GATEWAY": run["base_url"],
        "MAG_SFT_TOKEN": gateway.token,
        "XDG_STATE_HOME": str(gateway.folder / "client"),
    }


def wait_for(upload_id: UUID, *states: str) -> None:
    """Until the upload is in one of these states; raises ``RuntimeError`` when it ends otherwise or never does."""
    from transfers.models import Upload

    row = Upload.objects.filter(pk=upload_id).values_list("state", flat=True)
    deadline = time.monotonic() + LONGEST_WAIT
    while (state := row.get()) not in states:
        if state in {"failed", "aborted", "expired"} or time.monotonic() > deadline:
            raise RuntimeError(f"The upload is {state}.")
        time.sleep(LOOK_SECONDS)


def remove(gateway: Portal, upload_id: UUID) -> None:
    """Wait until nothing works on a file any more, then delete it, so that each turn finds the same."""
    from transfers.models import Upload

    wait_for(upload_id, "stored")
    try:
        gateway.ask("DELETE", f"/transfers/uploads/{upload_id}/")
    except urllib.error.HTTPError as error:
        raise RuntimeError(error.read().decode()) from error
    row = Upload.objects.filter(pk=upload_id).values_list("cleaned_at", flat=True)
    while row.get() is None:
        time.sleep(0.1)


def _send_slowly(gateway: Portal, path: Path, mib_a_second: float) -> UUID:
    client = Gateway(gateway.run["base_url"], gateway.token, urllib3.PoolManager())
    size = path.stat().st_size
    upload = client.create({"name": path.name, "size": size, "path": ""})
    part_size = int(upload["part_size"])
    begun = time.monotonic()
    with path.open("rb") as source:
        for number in range(1, int(upload["part_count"]) + 1):
            body = source.read(part_size)
            due = begun + (number * part_size / MIB) / mib_a_second
            time.sleep(max(0.0, due - time.monotonic()))
            client.put(upload["origins"][0], upload["id"], number, body, start=0, part_length=len(body))
    client.complete(upload["id"])
    return UUID(upload["id"])
