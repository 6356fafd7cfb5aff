"""The uploader engine of our pages in Chromium, driven as a page drives it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Page

from benchmarks.portal import Portal

# Without these it asks its maker's servers for this and that while it is being measured.
OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
BEGIN = """async ({csrf, parallel}) => {
  const engine = await import("/static/js/uploader/uploader.js");
  window.uploader ??= new engine.Uploader({createUrl: "/transfers/uploads/", csrfToken: csrf, parallel});
  window.transfer = window.uploader.add(document.querySelector("#measured").files[0], {});
}"""
# In the page, so that nobody's questions are counted or take part of the processors.
SECONDS = """async () => {
  const begun = performance.now();
  await new Promise((resolve, reject) => {
    window.transfer.addEventListener("state", ({detail: {state, reason}}) => {
      if (["uploaded", "stored", "verified"].includes(state)) resolve();
      else if (state === "failed") reject(new Error(reason));
    });
  });
  return (performance.now() - begun) / 1000;
}"""
INPUT = """() => {
  if (document.querySelector("#measured")) return;
  const input = document.createElement("input");
  input.type = "file";
  input.id = "measured";
  document.body.append(input);
}"""
NOW = "() => [window.transfer.state, window.transfer.acknowledged, window.transfer.reason]"
SENT = {"uploaded", "stored", "verified"}
LOOK_SECONDS = 0.05


def chromium() -> str:
    return os.environ.get("CHROMIUM") or "/usr/bin/chromium"


def sign_in(page: Page, gateway: Portal) -> None:
    """As the first demonstration account that may send files."""
    run = gateway.run
    account = next(account for account in run["accounts"] if account.get("token"))
    sign_in_as(page, run["base_url"], account)


def sign_in_as(page: Page, address: str, account: Mapping[str, Any]) -> None:
    page.goto(f"{address}/sign-in/")
    page.get_by_label("User ID or e-mail").fill(account["user_id"])
    page.get_by_role("button", name=re.compile("continue$", re.IGNORECASE)).click()
    page.locator("[name=password]").fill(account["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def begin(page: Page, file: Path, *, connections: int) -> float:
    """Let the engine send a file; returns the moment (monotonic seconds)."""
    chosen = _choose(page, file, connections)
    begun = time.monotonic()
    page.evaluate(BEGIN, chosen)
    return begun


def send(page: Page, file: Path, *, connections: int) -> float:
    """Let the engine send a file; seconds from choosing it until the gateway has every byte and was told that it is all."""
    return float(
        page.evaluate(
            f"async (chosen) => {{ await ({BEGIN})(chosen); return ({SECONDS})(); }}", _choose(page, file, connections)
        )
    )


def _choose(page: Page, file: Path, connections: int) -> dict[str, Any]:
    csrf = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    page.evaluate(INPUT)
    page.set_input_files("#measured", file)
    return {"csrf": csrf, "parallel": connections}


def watch(page: Page, *, until: float) -> int:
    """The bytes that were acknowledged when everything was, or at ``until``. Raises ``RuntimeError`` when it failed."""
    while True:
        state, acknowledged, reason = page.evaluate(NOW)
        if state in SENT or time.monotonic() > until:
            return int(acknowledged)
        if state == "failed":
            raise RuntimeError(f"The upload failed: {reason}")
        time.sleep(LOOK_SECONDS)


def upload_id(page: Page) -> UUID:
    return UUID(page.evaluate("() => window.transfer.id"))
