"""Using a page with the keyboard alone, as somebody does who sees where the focus is."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 80
# Milliseconds.
SCROLLS_WITHIN, LOOKS_EVERY = 500, 50
# The element that has the focus, or what is drawn around it, says so and is on the screen.
SHOWS_FOCUS = """() => {
  const focused = document.activeElement
  // The browser's own: the controls of a recording, and what is around the page.
  if (focused.localName === "audio" || focused === document.body) return true
  const box = focused.getBoundingClientRect()
  if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) return false
  const drawn = [focused, focused.parentElement, focused.closest("label"), focused.closest(".choice-card")]
  return drawn.filter(Boolean).some(one => {
    const style = getComputedStyle(one)
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"
  })
}"""


def go_to(page: Page, target: Locator, *, key: str = "Tab") -> None:
    """Press Tab until ``target`` has the focus; at every stop on the way the focus can be seen."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        assert _shows_focus(page), f"nothing shows the focus on {stop(page)}"
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{key} never comes to {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    go_to(page, target)
    page.keyboard.press(key)


def type_into(page: Page, target: Locator, text: str) -> None:
    go_to(page, target)
    page.keyboard.type(text)


def _shows_focus(page: Page) -> bool:
    """Whether the focus can be seen, as soon as the page has scrolled to it."""
    for _ in range(SCROLLS_WITHIN // LOOKS_EVERY):
        if page.evaluate(SHOWS_FOCUS):
            return True
        page.wait_for_timeout(LOOKS_EVERY)
    return False


def stop(page: Page) -> str:
    """Where the focus is: the start of the element's HTML."""
    return str(page.evaluate("document.activeElement.outerHTML.slice(0, 160)"))
