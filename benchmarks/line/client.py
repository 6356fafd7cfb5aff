"""``python -m benchmarks.line.client KIND …``: one transfer from the near end of a line; prints ``{"bytes", "seconds"}``.

It is cut off after a while; what counts then is what the other side has acknowledged until there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import urllib3

from benchmarks import peer_programs, sample
from mag_sft.gateway import Gateway


def main() -> int:
    asked = _arguments()
    kinds: dict[str, Callable[[argparse.Namespace, Path], tuple[int, float]]] = {
        "curl": _curl,
        "tus": _tus,
        "sft": _sft,
        "fetch": _fetch,
    }
    with tempfile.TemporaryDirectory(prefix="mag-line-client-") as name:
        file = sample.file(Path(name) / "measured.bin", asked.mib)
        count, seconds = kinds[asked.kind](asked, file)
    print(json.dumps({"bytes": count, "seconds": seconds}))
    return 0


def _curl(asked: argparse.Namespace, file: Path) -> tuple[int, float]:
    """One PUT, whole. What had arrived when it was cut off is told by the server's side."""
    begun = time.monotonic()
    subprocess.run(
        (
            "curl",
            "-sS",
            "-o",
            os.devnull,
            "--max-time",
            str(asked.cut),
            "-T",
            str(file),
            f"{asked.address}/put/measured.bin",
        ),
        check=False,
        stderr=subprocess.DEVNULL,
    )
    return -1, time.monotonic() - begun


def _tus(asked: argparse.Namespace, file: Path) -> tuple[int, float]:
    command = peer_programs.node("tus_client.mjs", f"{asked.origin}/transfers/tus/", file, asked.token)
    return _until_acknowledged(asked, command, file)


def _sft(asked: argparse.Namespace, file: Path) -> tuple[int, float]:
    options = ("--json", "--no-wait", f"--connections={asked.connections}", f"--congestion={asked.congestion}")
    return _until_acknowledged(asked, (sys.executable, "-m", "mag_sft", "upload", *options, str(file)), file)


def _until_acknowledged(asked: argparse.Namespace, command: tuple[str, ...], file: Path) -> tuple[int, float]:
    begun = time.monotonic()
    environment = {**os.environ, "MAG_SFT_GATEWAY": asked.address, "MAG_SFT_TOKEN": asked.token}
    environment["XDG_STATE_HOME"] = str(file.parent)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(timeout=asked.cut)
        except subprocess.TimeoutExpired:
            process.kill()
        else:
            return file.stat().st_size, time.monotonic() - begun
    seconds = time.monotonic() - begun
    client = Gateway(asked.address, asked.token, urllib3.PoolManager())
    newest = client.own_files()["uploads"][0]["id"]
    found = client.describe(newest)
    there = [*found["parts"], *found.get("pieces", ())]
    return sum(part["size"] for part in there), seconds


def _fetch(asked: argparse.Namespace, file: Path) -> tuple[int, float]:
    """``mag-sft download`` of a file that the gateway has."""
    begun = time.monotonic()
    target = file.with_suffix(".fetched")
    command = (sys.executable, "-m", "mag_sft", "download", "--quiet", f"--connections={asked.connections}")
    environment = {**os.environ, "MAG_SFT_GATEWAY": asked.address, "MAG_SFT_TOKEN": asked.token}
    environment["XDG_STATE_HOME"] = str(file.parent)
    with subprocess.Popen((*command, asked.upload, "--to", str(target)), env=environment) as process:
        try:
            process.wait(timeout=asked.cut)
        except subprocess.TimeoutExpired:
            process.kill()
    seconds = time.monotonic() - begun
    draft = target.with_name(f"{target.name}.part")
    found = target if target.exists() else draft
    return found.stat().st_blocks * 512 if found.exists() else 0, seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--address", required=True)
    parser.add_argument("--origin", default="")
    parser.add_argument("--token", default="")
    parser.add_argument("--upload", default="")
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--cut", type=float, default=60)
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--congestion", default="cubic")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
