"""The whole way into the store: against boto3 and s5cmd on the same store; the last part's time; what it costs in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import pairs, peer_programs, portal, sample
from benchmarks.figures import Figure

MIB = 1024**2
SIZE_MIB = int(os.environ.get("BENCH_PIPELINE_MIB", "512"))
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
# A line that is slower than the store.
SLOW_LINE_MIB = 20
SLOW_FILE_MIB = 160
LARGEST_GIB = int(os.environ.get("BENCH_LARGEST_GIB", "2"))
GOAL = 0.9
MEMORY_GOAL_MIB = 120


def main() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="mag-bench-") as name, portal.running() as gateway:
        folder = Path(name)
        return [*_against_others(gateway, folder), *_last_part(gateway, folder), *_memory(gateway, folder)]


def _against_others(gateway: portal.Portal, folder: Path) -> list[Figure]:
    file = sample.file(folder / "measured.bin", SIZE_MIB)
    figures: list[Figure] = []
    for name, theirs in (("boto3 upload_file", _boto3), ("s5cmd", _s5cmd)):
        pair = pairs.by_turns(partial(_ours, gateway, file), partial(theirs, gateway, file), turns=TURNS)
        figures += pair.figures(f"to the store, {name}", unit="MiB/s", ours="the gateway", theirs=name, goal=GOAL)
    file.unlink()
    return figures


def _ours(gateway: portal.Portal, file: Path) -> float:
    """MiB/s until the object is complete in the store, before it is read back; the interpreter's start is not counted."""
    upload_id, begun = sample.timed_send(gateway, file)
    sample.wait_for(upload_id, "verifying", "stored")
    speed = SIZE_MIB / (time.monotonic() - begun)
    sample.remove(gateway, upload_id)
    return speed


def _boto3(gateway: portal.Portal, file: Path) -> float:
    """In a process of its own, as somebody would run it; the interpreter's start is not counted."""
    script = (
        "import boto3, sys, time\n"
        "from boto3.s3.transfer import TransferConfig\n"
        "endpoint, region, bucket, file = sys.argv[1:]\n"
        "client = boto3.client('s3', endpoint_url=endpoint, region_name=region)\n"
        "begun = time.monotonic()\n"
        "part = 16 * 1024**2\n"
        "parts = TransferConfig(multipart_threshold=part, multipart_chunksize=part)\n"
        "client.upload_file(file, bucket, 'bench', Config=parts)\n"
        "print(time.monotonic() - begun)\n"
    )
    s3 = gateway.run["s3"]
    command = (sys.executable, "-c", script, s3["endpoint"], s3["region"], s3["bucket"], str(file))
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=_keys(gateway))
    return SIZE_MIB / float(done.stdout)


def _s5cmd(gateway: portal.Portal, file: Path) -> float:
    s3 = gateway.run["s3"]
    options = ("--endpoint-url", s3["endpoint"], "cp", "--part-size", "16", "--concurrency", "8")
    begun = time.monotonic()
    subprocess.run(
        (peer_programs.s5cmd(), *options, str(file), f"s3://{s3['bucket']}/bench"),
        check=True,
        capture_output=True,
        env=_keys(gateway),
    )
    return SIZE_MIB / (time.monotonic() - begun)


def _keys(gateway: portal.Portal) -> dict[str, str]:
    s3 = gateway.run["s3"]
    keys = {"AWS_ACCESS_KEY_ID": s3["access_key"], "AWS_SECRET_ACCESS_KEY": s3["secret_key"]}
    return {**os.environ, **keys, "AWS_REGION": s3["region"]}


def _last_part(gateway: portal.Portal, folder: Path) -> list[Figure]:
    """A sender at 20 MiB/s: from the last acknowledged byte until the object is complete, in push times of a part."""
    from transfers.models import Part

    file = sample.file(folder / "slow.bin", SLOW_FILE_MIB)
    waits, pushes = [], []
    for _ in range(TURNS):
        upload_id = sample.send(gateway, file, mib_a_second=SLOW_LINE_MIB)
        acknowledged = time.monotonic()
        sample.wait_for(upload_id, "verifying", "stored")
        waits.append(time.monotonic() - acknowledged)
        rows = Part.objects.filter(upload_id=upload_id).values_list("staged_at", "pushed_at")
        pushes.append(median((pushed - staged).total_seconds() for staged, pushed in rows if pushed))
        sample.remove(gateway, upload_id)
    ratios = [wait / push for wait, push in zip(waits, pushes, strict=True)]
    note = f"a line of {SLOW_LINE_MIB} MiB/s; last byte acknowledged → object complete"
    return [
        Figure("last byte to the store, in parts", ratios, "push times", note=note, goal="≤ 2"),
        Figure("last byte to the store", [wait * 1000 for wait in waits], "ms"),
        Figure("a part from staged to pushed", [push * 1000 for push in pushes], "ms"),
    ]


def _memory(gateway: portal.Portal, folder: Path) -> list[Figure]:
    """The resident memory of the upload pool's process after files of 10 MiB and of the largest size."""
    figures = []
    for label, mib in (("10 MiB", 10), (f"{LARGEST_GIB} GiB", LARGEST_GIB * 1024)):
        file = sample.sparse(folder / "large.bin", mib)
        upload_id = sample.send(gateway, file)
        memory = portal.resident_mib(gateway.pid_of("uploads"))
        goal = f"≤ {MEMORY_GOAL_MIB}"
        figures.append(Figure(f"memory of the upload pool after {label}", [memory], "MiB", goal=goal))
        sample.wait_for(upload_id, "stored")
        sample.remove(gateway, upload_id)
        file.unlink()
    return figures
