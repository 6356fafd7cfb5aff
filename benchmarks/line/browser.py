"""``python -m benchmarks.line.browser …``: one upload by the engine of our pages in Chromium, from the near end of a line
(``timed`` says what is printed). The clock begins when the engine is given the file.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from playwright.sync_api import Route, sync_playwright

from benchmarks import engine, sample
from benchmarks.line.timed import Clock

PATIENCE_MS = 120_000


def main() -> int:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="mag-line-browser-") as name, sync_playwright() as playwright:
        file = sample.file(Path(name) / "measured.bin", asked.mib)
        context = playwright.chromium.launch_persistent_context(
            str(Path(name) / "profile"),
            executable_path=engine.chromium(),
            args=[*engine.OPTIONS, f"--unsafely-treat-insecure-origin-as-secure={asked.address}"],
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        engine.sign_in_as(page, asked.address, {"user_id": asked.user, "password": asked.password})
        # A gateway that has fewer names for its upload pool: its answer to a new upload lists fewer.
        page.route("**/transfers/uploads/", partial(_with_origins, asked.origins))
        engine.begin(page, file, connections=asked.connections)
        clock = Clock()
        count = engine.watch(page, until=time.monotonic() + asked.cut)
        if count == file.stat().st_size:
            clock.whole(count)
        else:
            clock.cut()
        context.close()
    return 0


def _with_origins(most: int, route: Route) -> None:
    answer = route.fetch()
    upload = answer.json()
    if "origins" in upload:
        upload["origins"] = upload["origins"][:most]
    route.fulfill(response=answer, json=upload)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("address", "user", "password"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--origins", type=int, default=4)
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--cut", type=float, default=60)
    parser.add_argument("--connections", type=int, default=24)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
