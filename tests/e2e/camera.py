"""Screenshots of the journey: a wide and a narrow one of each step, when somebody asked for them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

SIZES = {"1280": {"width": 1280, "height": 900}, "360": {"width": 360, "height": 740}}
FOLDER = os.environ.get("SCREENSHOT_DIR", "")


def take(page: Page, name: str) -> None:
    """Save ``<name>-1280.png`` and ``<name>-360.png`` of the whole page under ``SCREENSHOT_DIR``; nothing without it."""
    if not FOLDER:
        return
    before = page.viewport_size
    for label, size in SIZES.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=Path(FOLDER) / f"{name}-{label}.png", full_page=True, animations="disabled")
    if before:
        page.set_viewport_size(before)
