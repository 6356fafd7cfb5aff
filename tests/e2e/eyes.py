"""Looking at a page as people with all kinds of eyes and screens do, and keeping pictures when somebody asked for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

SIZES: dict[str, ViewportSize] = {"1280": {"width": 1280, "height": 900}, "360": {"width": 360, "height": 740}}
# No colour is looked at on its way to another.
ARRIVE = "document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish())"
# Half a megabyte, so a page gets it once; and only what is wrong comes back, not everything that is right.
AXE = Axe()
VIOLATIONS = """async options => (await axe.run(document, options)).violations.map(
    rule => ({id: rule.id, nodes: rule.nodes.map(node => node.html)}))"""
FOLDER = os.environ.get("SCREENSHOT_DIR", "")


def look(page: Page, name: str) -> None:
    """Wide and narrow: axe finds nothing and nothing sticks out of the page.

    Saves ``<name>-1280.png`` and ``<name>-360.png`` of the whole page under ``SCREENSHOT_DIR`` where that is set.
    """
    _look(page, name)


def look_in_any_light(page: Page, name: str) -> None:
    """The same, and once more in the dark, where only colours differ; those pictures are called ``<name>-dark-…``."""
    _look(page, name)
    page.emulate_media(color_scheme="dark")
    _look(page, f"{name}-dark", "color-contrast")
    page.emulate_media(color_scheme="light")


def _look(page: Page, name: str, *rules: str) -> None:
    before = page.viewport_size
    for label, size in SIZES.items():
        page.set_viewport_size(size)
        page.evaluate(ARRIVE)
        assert barriers(page, *rules) == [], f"{name} at {label} px"
        assert overhang(page) <= 0, f"{name} at {label} px is wider than the screen"
        if FOLDER:
            page.screenshot(path=Path(FOLDER) / f"{name}-{label}.png", full_page=True, animations="disabled")
    if before:
        page.set_viewport_size(before)


def barriers(page: Page, *rules: str) -> list[tuple[str, list[str]]]:
    """What axe finds, by rule, with the start of each element's HTML; all rules unless some are named."""
    page.wait_for_load_state()
    page.locator("h1").first.wait_for(state="attached")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    # Of what axe can fetch beforehand, style sheets are for experimental rules alone, which are off.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = page.evaluate(VIOLATIONS, options)
    return [(rule["id"], [html[:160] for html in rule["nodes"]]) for rule in found]


def overhang(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
