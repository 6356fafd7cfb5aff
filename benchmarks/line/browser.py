"""``python -m benchmarks.line.browser …``: one upload by the engine of our pages in Chromium, from the near end of a line."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks import engine, sample


def main() -> int:
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="mag-line-browser-") as name, sync_playwright() as playwright:
        file = sample.file(Path(name) / "measured.bin", asked.mib)
        context = playwright.chromium.launch_persistent_context(
            str(Path(name) / "profile"),
            executable_path=engine.chromium(),
            args=[*engine.OPTIONS, f"--unsafely-treat-insecure-origin-as-secure={asked.address}"],
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        engine.sign_in_as(page, asked.address, {"user_id": asked.user, "password": asked.password})
        begun = engine.begin(page, file, connections=asked.connections)
        count = engine.watch(page, until=begun + asked.cut)
        seconds = time.monotonic() - begun
        context.close()
    print(json.dumps({"bytes": count, "seconds": seconds}))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("address", "user", "password"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--cut", type=float, default=60)
    parser.add_argument("--connections", type=int, default=24)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
