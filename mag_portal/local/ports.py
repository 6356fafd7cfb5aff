"""Free TCP ports on 127.0.0.1, below the range the kernel gives to outgoing connections."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Collection
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 15_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Something accepts connections there."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def find(count: int, *, taken: Collection[int] = ()) -> list[int]:
    """``count`` different free ports, none of them in ``taken``."""
    candidates = (port for port in _shuffled() if port not in taken and is_free(port))
    return [next(candidates) for _ in range(count)]


def _shuffled() -> list[int]:
    return random.SystemRandom().sample(range(LOWEST, HIGHEST), k=HIGHEST - LOWEST)


def keep(path: Path, names: Collection[str], *, taken: Collection[int] = ()) -> dict[str, int]:
    """A port for each name: the one noted in ``path`` while it is free, else a new one, which is noted there."""
    noted: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    usable = {
        name: noted[name] for name in names if name in noted and is_free(noted[name]) and noted[name] not in taken
    }
    missing = [name for name in names if name not in usable]
    fresh = find(len(missing), taken={*usable.values(), *taken})
    chosen = {**usable, **dict(zip(missing, fresh, strict=True))}
    path.write_text(json.dumps(chosen, indent=1) + "\n")
    return chosen
