"""tus-js-client, unmodified, against our tus door and against @tus/server: to acknowledged, and to stored in S3."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from benchmarks import pairs, peer_programs, portal, sample
from benchmarks.figures import Figure
from mag_portal.local import ports

SIZE_MIB = int(os.environ.get("BENCH_TUS_MIB", "512"))
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
GOAL = 1.5
# Asked so often whether a file is in the store: a part takes longer than that.
LOOK_SECONDS = 0.02


def main() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="mag-bench-") as name, portal.running() as gateway:
        file = sample.file(Path(name) / "measured.bin", SIZE_MIB)
        return [*_staged(gateway, file, Path(name)), *_stored(gateway, file)]


def _staged(gateway: portal.Portal, file: Path, folder: Path) -> list[Figure]:
    """To a disk on both sides: our push worker rests meanwhile. Then with it, on the same processors."""
    names = {"unit": "MiB/s", "ours": "the tus door", "theirs": "@tus/server, file-store"}
    with _peer("file", folder / "peer") as theirs:
        peer = partial(_peer_speed, theirs, file)
        staged = pairs.by_turns(partial(_ours, gateway, file, until="staged"), peer, turns=TURNS)
        pushing = pairs.by_turns(partial(_ours, gateway, file, until="acknowledged"), peer, turns=TURNS)
    return [
        *staged.figures("tus, staged and acknowledged", goal=GOAL, **names),
        *pushing.figures("tus, acknowledged while pushing", goal=None, **names),
    ]


def _stored(gateway: portal.Portal, file: Path) -> list[Figure]:
    with _peer("s3") as theirs:
        ours = partial(_ours, gateway, file, until="stored")
        pair = pairs.by_turns(ours, partial(_peer_speed, theirs, file), turns=TURNS)
    return pair.figures(
        "tus, in the store", unit="MiB/s", ours="the tus door", theirs="@tus/server, s3-store", goal=GOAL
    )


def _ours(gateway: portal.Portal, file: Path, *, until: str) -> float:
    """MiB/s until the last byte is ``staged`` or ``acknowledged``, or ``stored``: in the store, not yet read back."""
    begun = time.monotonic()
    with gateway.resting("push") if until == "staged" else nullcontext():
        url, speed = _send(gateway.run["tus_endpoint"], file, gateway.token)
    if until == "stored":
        _wait_for_object(begun)
        speed = SIZE_MIB / (time.monotonic() - begun)
    _remove(gateway, url)
    return speed


def _peer_speed(endpoint: str, file: Path) -> float:
    return _send(endpoint, file)[1]


def _wait_for_object(begun: float) -> None:
    from transfers.models import Upload

    newest = Upload.objects.order_by("-created_at")
    while newest.values_list("state", flat=True).first() not in {"verifying", "stored"}:
        if time.monotonic() - begun > 600:
            raise RuntimeError("The upload does not get into the store.")
        time.sleep(LOOK_SECONDS)


def _remove(gateway: portal.Portal, url: str) -> None:
    """Wait until nothing works on it any more, then make room, so that each turn finds the same."""
    from transfers.models import Upload

    newest = Upload.objects.order_by("-created_at")
    while newest.values_list("state", flat=True).first() not in {"stored", "failed"}:
        time.sleep(0.1)
    subprocess.run(
        (
            "curl",
            "-sS",
            "-X",
            "DELETE",
            "-H",
            f"Authorization: Bearer {gateway.token}",
            "-H",
            "Tus-Resumable: 1.0.0",
            url,
        ),
        check=True,
        capture_output=True,
    )
    while newest.values_list("cleaned_at", flat=True).first() is None:
        time.sleep(0.1)


def _send(endpoint: str, file: Path, token: str = "") -> tuple[str, float]:
    """The upload's address, and MiB/s as the client saw them."""
    command = peer_programs.node("tus_client.mjs", endpoint, file, *([token] if token else []))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    return str(answer["url"]), SIZE_MIB / float(answer["seconds"])


@contextmanager
def _peer(kind: str, folder: Path | None = None) -> Iterator[str]:
    """A tus server of the world, and its endpoint."""
    port = ports.find(1)[0]
    command = peer_programs.node("tus_server.mjs", str(port), kind, folder or "")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("The other server did not start.")
        try:
            yield f"http://127.0.0.1:{port}/files"
        finally:
            process.terminate()
