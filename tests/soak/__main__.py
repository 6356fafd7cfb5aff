"""``python -m tests.soak --kills 1000 --seed 1``: soak for long. Exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.content import MIB
from tests.soak.run import Plan, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak ARGS=…", description="A gateway under fire.")
    parser.add_argument("--kills", type=int, default=1000, help="how many processes are killed (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="what happens follows from it (default 1)")
    parser.add_argument("--senders", type=int, default=8, help="how many send and fetch at once (default 8)")
    parser.add_argument("--largest", type=int, default=2048, metavar="MIB", help="the largest file (default 2048)")
    parser.add_argument("--pause", type=float, default=2.0, metavar="S", help="seconds between two kills (default 2)")
    asked = parser.parse_args()
    plan = Plan(
        seed=asked.seed, kills=asked.kills, senders=asked.senders, largest=asked.largest * MIB, pause=asked.pause
    )
    with tempfile.TemporaryDirectory(prefix="mag-soak-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        outcome = soak(plan, folder)
    sys.stdout.write(f"{outcome}\n")
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
