"""Fetching through the gateway, against nginx with the same file on its disk; and many files in one zip."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks import pairs, portal, sample, servers
from benchmarks.figures import Figure

SIZE_MIB = int(os.environ.get("BENCH_FETCH_MIB", "512"))
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
GOAL_STREAMED = 0.5


def main() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="mag-bench-") as name, portal.running() as gateway:
        folder = Path(name)
        folder.chmod(0o755)
        file = sample.file(folder / "measured.bin", SIZE_MIB)
        upload_id = sample.send(gateway, file)
        sample.wait_for(upload_id, "stored")
        ours = f"{gateway.run['base_url']}/transfers/uploads/{upload_id}/content/"
        with servers.nginx(folder) as theirs:
            pair = pairs.by_turns(
                partial(_fetch, ours, gateway.token), partial(_fetch, f"{theirs}/measured.bin", ""), turns=TURNS
            )
        return pair.figures(
            "download, streamed", unit="MiB/s", ours="the gateway", theirs="nginx static", goal=GOAL_STREAMED
        )


def _fetch(url: str, token: str) -> float:
    """MiB/s of one curl that throws away what it gets."""
    headers = ("-H", f"Authorization: Bearer {token}") if token else ()
    begun = time.monotonic()
    subprocess.run(("curl", "-sSf", "-o", os.devnull, *headers, url), check=True)
    return SIZE_MIB / (time.monotonic() - begun)
