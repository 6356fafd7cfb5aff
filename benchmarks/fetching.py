"""Fetching: through the gateway, and through nginx before it, against nginx with the same file on its disk; many files as
one archive against one file; and what the process that streams needs for a large one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from uuid import UUID

from benchmarks import front, packages, pairs, portal, sample, servers
from benchmarks.figures import Figure
from benchmarks.packages import Made
from benchmarks.portal import Portal

KIB, MIB = 1024, 1024**2
SIZE_MIB = int(os.environ.get("BENCH_FETCH_MIB", "512"))
# What an archive holds together, and the one file that it is held against: so much, or as many files as a package may have.
TOGETHER_MIB = int(os.environ.get("BENCH_ZIP_MIB", "512"))
MOST_FILES = 2000
# 0 leaves it out: the file is stored in full before it is fetched.
LARGEST_GIB = int(os.environ.get("BENCH_LARGEST_GIB", "2"))
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
SIZES = {"64 KiB": 64 * KIB, "1 MiB": MIB, "16 MiB": 16 * MIB}
GOAL_STREAMED, GOAL_ACCEL, GOAL_ZIP = 0.5, 0.9, 0.6
MEMORY_GOAL_MIB = 120
RECEIPTS_WITHIN_SECONDS = 60


def main() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="mag-bench-") as name, portal.running() as gateway:
        folder = Path(name)
        folder.chmod(0o755)
        return [*_against_nginx(gateway, folder), *_archives(gateway, folder), *_memory(gateway, folder)]


def _against_nginx(gateway: Portal, folder: Path) -> list[Figure]:
    from transfers.models import Upload

    path = _stored(gateway, sample.file(folder / "measured.bin", SIZE_MIB))
    bearer = f"Authorization: Bearer {gateway.token}"
    with servers.nginx(folder) as theirs, front.nginx(gateway, folder / "front") as before:
        static = partial(_fetch, f"{theirs}/measured.bin", mib=SIZE_MIB)
        ways = {
            "download, streamed": (gateway.run["base_url"], "the gateway", GOAL_STREAMED),
            "download, X-Accel": (before, "nginx before it", GOAL_ACCEL),
        }
        figures: list[Figure] = []
        for name, (address, ours, goal) in ways.items():
            pair = pairs.by_turns(partial(_fetch, f"{address}{path}", bearer, mib=SIZE_MIB), static, turns=TURNS)
            figures += pair.figures(name, unit="MiB/s", ours=ours, theirs="nginx static", goal=goal)
        key = Upload.objects.get(pk=_upload_id(path)).storage_key
        itself = partial(_fetch, *_addresses_at_the_store(gateway, [key]), mib=SIZE_MIB)
        pair = pairs.by_turns(partial(_fetch, f"{before}{path}", bearer, mib=SIZE_MIB), itself, turns=TURNS)
        name = "download, X-Accel, from the store"
        return [
            *figures,
            *pair.figures(name, unit="MiB/s", ours="nginx before it", theirs="the store itself", goal=None),
        ]


def _archives(gateway: Portal, folder: Path) -> list[Figure]:
    """Archives of many files of one size against one file as large as all of them, by the same door."""
    bearer = f"Authorization: Bearer {gateway.token}"
    figures: list[Figure] = []
    for label, size in SIZES.items():
        count = min(TOGETHER_MIB * MIB // size, MOST_FILES)
        mib = count * size // MIB
        one = f"{gateway.run['base_url']}{_stored(gateway, sample.file(folder / 'single.bin', mib))}"
        made = packages.make(gateway, size=size, count=count)
        waits: list[float] = []
        archive = partial(_archive, gateway, made, waits, mib=mib)
        name = f"archive of {count} files of {label}"
        pair = pairs.by_turns(archive, partial(_fetch, one, bearer, mib=mib), turns=TURNS)
        figures += pair.figures(name, unit="MiB/s", ours="the archive", theirs="one file", goal=GOAL_ZIP)
        figures.append(Figure(f"{name}: receipts after the last byte", waits[1:], "ms"))
        listed = _listed(gateway, made, folder / "listed")
        pair = pairs.by_turns(archive, partial(_fetch_each, listed, mib=mib), turns=TURNS)
        theirs = "the store itself, one by one"
        figures += pair.figures(f"{name}, from the store", unit="MiB/s", ours="the archive", theirs=theirs, goal=None)
    return figures


def _listed(gateway: Portal, made: Made, path: Path) -> Path:
    """What curl is to fetch: every file of a package at the store."""
    from transfers.models import Upload

    keys = Upload.objects.filter(subject=made.package).values_list("storage_key", flat=True)
    addresses = _addresses_at_the_store(gateway, keys)
    path.write_text("".join(f'url="{address}"\noutput="{os.devnull}"\n' for address in addresses))
    return path


def _archive(gateway: Portal, made: Made, waits: list[float], *, mib: int) -> float:
    """MiB/s of one archive. What is written once the reader has everything burdens nobody's turn."""
    wanted = made.receipts() + made.count
    speed = _fetch(f"{gateway.run['base_url']}{made.path}", f"Cookie: {made.cookie}", mib=mib)
    begun = time.monotonic()
    while made.receipts() < wanted:
        if time.monotonic() - begun > RECEIPTS_WITHIN_SECONDS:
            raise RuntimeError("The receipts of an archive do not come.")
        time.sleep(0.005)
    waits.append((time.monotonic() - begun) * 1000)
    return speed


def _memory(gateway: Portal, folder: Path) -> list[Figure]:
    """The resident memory of the pages pool's process while it streams: a small file, a large one, an archive."""
    figures = []
    bearer = f"Authorization: Bearer {gateway.token}"
    for label, mib in (("10 MiB", 10), (f"{LARGEST_GIB} GiB", LARGEST_GIB * 1024)):
        if not mib:
            continue
        file = sample.sparse(folder / "large.bin", mib)
        path = _stored(gateway, file)
        file.unlink()
        figures.append(_most_memory(gateway, f"a file of {label}", f"{gateway.run['base_url']}{path}", bearer))
        sample.remove(gateway, _upload_id(path))
    made = packages.make(gateway, size=MIB, count=100)
    address = f"{gateway.run['base_url']}{made.path}"
    return [*figures, _most_memory(gateway, "an archive of 100 files", address, f"Cookie: {made.cookie}")]


def _most_memory(gateway: Portal, what: str, url: str, header: str) -> Figure:
    found = []
    with subprocess.Popen(("curl", "-sSf", "-o", os.devnull, "-H", header, url)) as reader:
        while reader.poll() is None:
            found.append(portal.resident_mib(gateway.pid_of("pages")))
            time.sleep(0.05)
    if reader.returncode:
        raise RuntimeError("curl could not fetch it.")
    return Figure(f"memory of the pages pool, {what}", [max(found)], "MiB", goal=f"≤ {MEMORY_GOAL_MIB}")


def _stored(gateway: Portal, file: Path) -> str:
    """Send the file; the path at which its content is had once it is stored."""
    upload_id = sample.send(gateway, file)
    sample.wait_for(upload_id, "stored")
    return f"/transfers/uploads/{upload_id}/content/"


def _upload_id(path: str) -> UUID:
    return UUID(path.split("/")[3])


def _addresses_at_the_store(gateway: Portal, keys: Iterable[str]) -> list[str]:
    """Presigned, as nginx is given them."""
    import boto3
    from botocore.client import Config

    s3 = gateway.run["s3"]
    client = boto3.client(
        "s3",
        endpoint_url=s3["endpoint"],
        region_name=s3["region"],
        aws_access_key_id=s3["access_key"],
        aws_secret_access_key=s3["secret_key"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    wanted = ({"Bucket": s3["bucket"], "Key": key} for key in keys)
    return [client.generate_presigned_url("get_object", Params=each, ExpiresIn=3600) for each in wanted]


def _fetch(url: str, header: str = "", *, mib: int) -> float:
    """MiB/s of one curl that throws away what it gets."""
    headers = ("-H", header) if header else ()
    begun = time.monotonic()
    subprocess.run(("curl", "-sSf", "-o", os.devnull, *headers, url), check=True)
    return mib / (time.monotonic() - begun)


def _fetch_each(listed: Path, *, mib: int) -> float:
    """MiB/s of one curl that fetches many objects from the store itself, eight at once, and throws them away."""
    begun = time.monotonic()
    at_once = ("--parallel", "--parallel-max", "8", "--no-progress-meter")
    subprocess.run(("curl", "-Sf", *at_once, "--config", listed), check=True, stderr=subprocess.DEVNULL)
    return mib / (time.monotonic() - begun)
