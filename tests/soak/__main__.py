"""``python -m tests.soak --kills 1000 --seed 1``: soak for long. Exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import shutil
import signal
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
    parser.add_argument("--nodes", type=int, choices=(1, 2), default=2, help="nodes with a staging folder (default 2)")
    parser.add_argument("--largest", type=int, default=2048, metavar="MIB", help="the largest file (default 2048)")
    parser.add_argument("--pause", type=float, default=1.0, metavar="S", help="seconds between two kills (default 1)")
    parser.add_argument("--patience", type=float, default=240, metavar="S", help="what counts as stuck (default 240)")
    asked = parser.parse_args()
    plan = Plan(
        seed=asked.seed,
        kills=asked.kills,
        senders=asked.senders,
        nodes=asked.nodes,
        largest=asked.largest * MIB,
        pause=asked.pause,
        patience=asked.patience,
        tells=True,
    )
    # Whoever ends it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(tempfile.mkdtemp(prefix="mag-soak-"))
    folder.chmod(0o711)
    tally = soak(plan, folder)
    sys.stdout.write(f"{tally}\n")
    if tally.broken:
        sys.stdout.write(f"Logs and data are kept in {folder}.\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
