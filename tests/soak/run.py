"""One soak: a gateway, senders at every door, fetchers, the fire, and what is left when it is out."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.soak import doors, ground, packages
from tests.soak.content import MIB, PART, Content, Sizes
from tests.soak.doors import GivenUp, Sending
from tests.soak.fetching import fetch
from tests.soak.fire import Fire, report
from tests.soak.gateway import Broken, Gateway
from tests.soak.nodes import SecondNode, second_node
from tests.soak.store import behind_a_proxy
from tests.soak.tally import Progress, Tally
from tests.stack import Stack

# Of each node; so little staging that it fills up now and then.
SETTINGS = {"UPLOAD_PART_BYTES": str(PART), "STAGING_QUOTA_BYTES": str(48 * MIB)}
PACKAGE = "package"
# Of every file that is small enough for it, once more when all is over.
COMPARED_AGAIN = 2 * PART
GIVE_UP, REMOVE = 0.08, 0.4


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``patience``: for how many seconds one thing may fail or stand still before it counts as stuck. ``nodes`` is 1 or 2."""

    seed: int = 1
    kills: int = 30
    senders: int = 6
    nodes: int = 2
    largest: int = 64 * MIB
    large_bytes: int = 12 * 1024 * MIB
    pause: float = 1.0
    patience: float = 240
    tells: bool = False


@dataclass
class Soak:
    """What a run consists of while it goes on."""

    plan: Plan
    gateway: Gateway
    recipient: str
    sizes: Sizes
    tally: Tally
    out: threading.Event = field(default_factory=threading.Event)
    stored: list[tuple[str, Content]] = field(default_factory=list)


def soak(plan: Plan, folder: Path) -> Tally:
    """Run it in ``folder``, which is to be empty. It ends early with the first promise that is broken."""
    begun = time.monotonic()
    tally = Tally()
    stack = Stack(folder / "data")
    with behind_a_proxy(folder / "s3") as (store, proxy, access):
        try:
            stack.start(**access.variables, S3_PUBLIC_ENDPOINT_URL=access.endpoint, **SETTINGS)
            with _second(plan, stack, folder) as second:
                running = _prepared(plan, stack, second, tally)
                fire = Fire(
                    stack, store, proxy, second, random.Random(plan.seed), plan.kills, plan.pause, tally, running.out
                )
                _send_through(running, fire)
                staging = {stack.variables["NODE_NAME"]: folder / "data" / "staging"}
                if second is not None:
                    staging["second"] = second.staging
                store.settle()
                tally.left_over = ground.looked(stack, access, staging=staging, within=plan.patience).left_over
        finally:
            stack.stop()
    tally.broken += tally.left_over
    tally.seconds = time.monotonic() - begun
    return tally


@contextmanager
def _second(plan: Plan, stack: Stack, folder: Path) -> Iterator[SecondNode | None]:
    if plan.nodes == 1:
        yield None
        return
    with second_node(stack, folder, **SETTINGS) as node:
        yield node


def _prepared(plan: Plan, stack: Stack, second: SecondNode | None, tally: Tally) -> Soak:
    account = stack.account("Employee with access")
    endpoint = urlsplit(stack.run["tus_endpoint"])
    uploads = [f"{endpoint.scheme}://{endpoint.netloc}", *([second.origin] if second else [])]
    gateway = Gateway(stack.base_url, uploads, account["token"], plan.patience, tally)
    gateway.sign_in(account["user_id"], account["password"])
    recipient = stack.account("Application Administrator")["user_id"]
    return Soak(plan, gateway, recipient, Sizes(plan.largest, plan.large_bytes), tally)


def _send_through(running: Soak, fire: Fire) -> None:
    numbers = range(running.plan.senders)
    senders = [threading.Thread(target=_sender, args=(running, number), daemon=True) for number in numbers]
    over = threading.Event()
    teller = threading.Thread(target=report, args=(running.tally, over, _tell), daemon=True)
    if running.plan.tells:
        teller.start()
    for thread in senders:
        thread.start()
    fire.burn()
    running.out.set()
    for thread in senders:
        thread.join()
    _compare_again(running)
    over.set()


def _compare_again(running: Soak) -> None:
    """What was equal while it burnt is there and equal now that it does not."""
    for upload_id, content in running.stored:
        try:
            fetch(running.gateway, upload_id, content, random.Random(content.seed))
        except Broken as error:
            running.tally.broken.append(f"after the fire, seed {content.seed}: {error}")


def _sender(running: Soak, number: int) -> None:
    """Send, follow, fetch and compare, one file after the other, until the fire is out; the last one to its end."""
    draw = random.Random(running.plan.seed * 1000 + number)
    names = [*sorted(doors.DOORS), PACKAGE]
    count = 0
    while not running.out.is_set():
        door = names[(count + number) % len(names)]
        with running.sizes.next(draw) as size:
            content = Content(seed=running.plan.seed * 1_000_000 + number * 10_000 + count, size=size)
            try:
                _one(running, door, content, draw)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the run ends with it
                kind = "" if isinstance(error, Broken) else f"{type(error).__name__} "
                running.tally.broken.append(f"{door}, {size} bytes, seed {content.seed}: {kind}{error}")
                _tell(f"BROKEN: {running.tally.broken[-1]}")
                running.out.set()
        count += 1


def _one(running: Soak, door: str, content: Content, draw: random.Random) -> None:
    sending = Sending(running.gateway, content, draw, Progress(running.tally, f"{door}, {content.size} bytes"))
    if door == PACKAGE:
        for each in packages.send(sending, running.recipient):
            running.tally.stored(door, each.size)
        return
    if draw.random() < GIVE_UP:
        sending.gives_up_at = int(content.size * draw.random())
    try:
        upload = doors.DOORS[door](sending)
    except GivenUp:
        doors.remove(sending)
        running.tally.given_up[door] += 1
        return
    _compare(running, upload, content, draw)
    running.tally.stored(door, content.size)
    if doors.TUS in sending.address and draw.random() < REMOVE:
        doors.remove(sending)
        running.tally.removed += 1
    elif content.size <= COMPARED_AGAIN:
        running.stored.append((upload["id"], content))


def _compare(running: Soak, upload: doors.Upload, content: Content, draw: random.Random) -> None:
    if upload["state"] != "stored":
        raise Broken(f"an upload ended {upload['state']}: {upload['reason']}")
    if upload["sha256"] != content.sha256:
        raise Broken("a stored file has another SHA-256")
    fetch(running.gateway, upload["id"], content, draw)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
