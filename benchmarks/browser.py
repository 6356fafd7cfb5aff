"""Our engine in Chromium, with digests and a ledger, against plain parallel XMLHttpRequests of the same browser to nginx."""

from __future__ import annotations

import os
import tempfile
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks import engine, pairs, portal, sample, servers
from benchmarks.figures import Figure

SIZE_MIB = int(os.environ.get("BENCH_BROWSER_MIB", "512"))
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
PARALLEL = 4
GOAL = 0.8
PLAIN = """async ({parallel, slice}) => {
  const file = document.querySelector("input").files[0];
  const starts = [];
  for (let start = 0; start < file.size; start += slice) starts.push(start);
  const put = (start) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/put/${start}`);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(String(request.status))));
    request.onerror = reject;
    request.send(file.slice(start, start + slice));
  });
  const work = async () => { while (starts.length) await put(starts.shift()); };
  const begun = performance.now();
  await Promise.all(Array.from({length: parallel}, work));
  return (performance.now() - begun) / 1000;
}"""
SLICE = 16 * 1024**2


def main() -> list[Figure]:
    # Playwright keeps a loop running in this thread, in which Django would refuse to ask the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with (
        tempfile.TemporaryDirectory(prefix="mag-bench-") as name,
        portal.running() as gateway,
        sync_playwright() as driver,
    ):
        folder = Path(name)
        file = sample.file(folder / "measured.bin", SIZE_MIB)
        context = driver.chromium.launch_persistent_context(
            str(folder / "profile"), executable_path=engine.chromium(), args=engine.OPTIONS
        )
        with servers.nginx(folder / "nginx") as theirs:
            ours = context.new_page()
            engine.sign_in(ours, gateway)
            plain = _plain_page(context, theirs, file)
            theirs_speed = partial(_plain, plain)
            pushing = pairs.by_turns(partial(_ours, gateway, ours, file), theirs_speed, turns=TURNS)
            staged = pairs.by_turns(partial(_ours, gateway, ours, file, resting=True), theirs_speed, turns=TURNS)
        context.close()
    names = {"unit": "MiB/s", "ours": "the engine", "theirs": "plain parallel XHR to nginx"}
    return [
        *pushing.figures("browser, parts door", goal=GOAL, **names),
        *staged.figures("browser, parts door, push resting", goal=None, **names),
    ]


def _ours(gateway: portal.Portal, page: Page, file: Path, *, resting: bool = False) -> float:
    """MiB/s until every byte is acknowledged, while the push worker takes its share of the processors or rests."""
    with gateway.resting("push") if resting else nullcontext():
        speed = SIZE_MIB / engine.send(page, file, connections=PARALLEL)
    sample.remove(gateway, engine.upload_id(page))
    return speed


def _plain(page: Page) -> float:
    return SIZE_MIB / float(page.evaluate(PLAIN, {"parallel": PARALLEL, "slice": SLICE}))


def _plain_page(context: BrowserContext, address: str, file: Path) -> Page:
    page = context.new_page()
    page.goto(f"{address}/page.html")
    page.set_input_files("input", file)
    return page
