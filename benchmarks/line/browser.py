"""``python -m benchmarks.line.browser …``: one upload by the engine of our pages in Chromium, from the near end of a line."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks import sample

ENGINE = """async ({csrf, parallel}) => {
  const engine = await import("/static/js/uploader/uploader.js");
  const uploader = new engine.Uploader({createUrl: "/transfers/uploads/", csrfToken: csrf, parallel});
  window.transfer = uploader.add(document.querySelector("#measured").files[0], {});
}"""
INPUT = """() => {
  const input = document.createElement("input");
  input.type = "file";
  input.id = "measured";
  document.body.append(input);
}"""
NOW = "() => [window.transfer.state, window.transfer.acknowledged]"
ENDED = {"uploaded", "stored", "verified"}


def main() -> int:
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="mag-line-browser-") as name, sync_playwright() as playwright:
        file = sample.file(Path(name) / "measured.bin", asked.mib)
        context = playwright.chromium.launch_persistent_context(
            str(Path(name) / "profile"),
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium",
            args=["--no-sandbox", "--disable-quic", f"--unsafely-treat-insecure-origin-as-secure={asked.address}"],
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        _sign_in(page, asked)
        csrf = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
        page.evaluate(INPUT)
        page.set_input_files("#measured", file)
        begun = time.monotonic()
        page.evaluate(ENGINE, {"csrf": csrf, "parallel": asked.connections})
        count = _watch(page, begun + asked.cut)
        seconds = time.monotonic() - begun
        context.close()
    print(json.dumps({"bytes": count, "seconds": seconds}))
    return 0


def _sign_in(page: Page, asked: argparse.Namespace) -> None:
    page.goto(f"{asked.address}/sign-in/")
    page.get_by_label("User ID or e-mail").fill(asked.user)
    page.get_by_role("button", name=re.compile("continue$", re.IGNORECASE)).click()
    page.locator("[name=password]").fill(asked.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def _watch(page: Page, until: float) -> int:
    while True:
        state, acknowledged = page.evaluate(NOW)
        if state in ENDED or time.monotonic() > until:
            return int(acknowledged)
        if state == "failed":
            raise RuntimeError("The upload failed.")
        time.sleep(0.2)


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
