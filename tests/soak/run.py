"""One soak: a gateway, senders at every door, fetchers, the fire, and what is left when it is out."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.soak import doors, ground
from tests.soak.content import MIB, PART, Content, sizes
from tests.soak.doors import Broken, Gateway
from tests.soak.fire import Fire
from tests.soak.store import behind_a_proxy
from tests.stack import Stack

# So little that it fills up now and then.
STAGING_QUOTA = 256 * MIB


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``patience``: for how many seconds one thing may fail or stand still before it counts as stuck."""

    seed: int = 1
    kills: int = 30
    senders: int = 6
    largest: int = 64 * MIB
    pause: float = 1.0
    patience: float = 240


@dataclass
class Outcome:
    """What was done and what was broken. ``broken`` is empty after a good run."""

    files: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    fire: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        doors_of = ", ".join(f"{count} by {door}" for door, count in sorted(self.files.items()))
        happened = ", ".join(f"{count} × {what}" for what, count in sorted(self.fire.items()))
        lines = [
            f"{sum(self.files.values())} files stored, fetched and equal ({doors_of})",
            f"{self.bytes / MIB:.0f} MiB in {self.seconds:.0f} s",
            f"meanwhile: {happened}",
            *(f"BROKEN: {what}" for what in self.broken),
        ]
        return "\n".join(lines)


def soak(plan: Plan, folder: Path) -> Outcome:
    """Run it in ``folder``, which is to be empty."""
    begun = time.monotonic()
    outcome = Outcome()
    stack = Stack(folder / "data")
    with behind_a_proxy(folder / "s3") as (store, proxy, access):
        variables = {**access.variables, "S3_PUBLIC_ENDPOINT_URL": access.endpoint, "UPLOAD_PART_BYTES": str(PART)}
        stack.start(**variables, STAGING_QUOTA_BYTES=str(STAGING_QUOTA))
        try:
            fire = Fire(stack, store, proxy, random.Random(plan.seed), plan.kills, plan.pause)
            _send_through(plan, stack, fire, outcome)
            outcome.fire = fire.done
            outcome.broken += ground.looked(stack, access, within=plan.patience).left_over
        finally:
            stack.stop()
    outcome.seconds = time.monotonic() - begun
    return outcome


def _send_through(plan: Plan, stack: Stack, fire: Fire, outcome: Outcome) -> None:
    token = next(account["token"] for account in stack.run["accounts"] if account.get("token"))
    endpoint = urlsplit(stack.run["tus_endpoint"])
    gateway = Gateway(stack.base_url, f"{endpoint.scheme}://{endpoint.netloc}", token, plan.patience)
    out = threading.Event()
    work = [
        threading.Thread(target=_sender, args=(plan, number, gateway, out, outcome)) for number in range(plan.senders)
    ]
    for thread in work:
        thread.start()
    fire.burn()
    out.set()
    for thread in work:
        thread.join()


def _sender(plan: Plan, number: int, gateway: Gateway, out: threading.Event, outcome: Outcome) -> None:
    """Send, follow, fetch and compare, one file after the other, until the fire is out; the last one to its end."""
    draw = random.Random(plan.seed * 1000 + number)
    names = sorted(doors.DOORS)
    for count, size in enumerate(sizes(draw, largest=plan.largest)):
        if out.is_set():
            return
        door = names[(count + number) % len(names)]
        content = Content(seed=plan.seed * 1_000_000 + number * 10_000 + count, size=size)
        try:
            _one(gateway, door, content, draw)
        except Broken as error:
            outcome.broken.append(f"{door}, {size} bytes, seed {content.seed}: {error}")
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            outcome.broken.append(f"{door}, {size} bytes, seed {content.seed}: {type(error).__name__} {error}")
            return
        outcome.files[door] += 1
        outcome.bytes += size


def _one(gateway: Gateway, door: str, content: Content, draw: random.Random) -> None:
    upload_id = doors.DOORS[door](gateway, content, draw)
    upload = doors.follow(gateway, upload_id)
    while upload["state"] == "receiving" and door == "tus":
        # A tus upload whose last part was lost goes on by its own address.
        raise Broken("a tus upload is open again after its last byte was acknowledged")
    if upload["state"] != "stored":
        raise Broken(f"an upload ended {upload['state']}: {upload['reason']}")
    if upload["sha256"] != content.sha256:
        raise Broken("a stored file has another SHA-256")
    doors.fetch(gateway, upload_id, content, draw)
