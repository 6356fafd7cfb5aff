"""Home and the workspace in a real browser: the editor with the keyboard, nothing typed lost, readable to everybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import packages
from tests.e2e.conftest import NewPerson
from tests.e2e.eyes import barriers
from tests.e2e.people import sign_in_as
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

EMPLOYEE, DECIDER, NEWCOMER = "Employee with access", "Application Administrator", "Employee without access"
SCREENS = [("light", 1280), ("dark", 1280), ("light", 320), ("dark", 320)]


@pytest.fixture
def emma(stack: Stack, new_person: NewPerson) -> Page:
    page = new_person()
    sign_in_as(page, stack, EMPLOYEE)
    return page


def new_package(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.base_url}/sft/packages/new/")
    expect(page.locator("[data-drop]")).to_be_visible()


def small_files(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for number, path in enumerate(paths):
        packages.make_file(path, 1, seed=number)
    return paths


def test_recipients_are_found_added_and_removed_with_the_keyboard_alone(stack: Stack, emma: Page) -> None:
    new_package(emma, stack)
    field = emma.get_by_role("combobox", name="Add a recipient")
    field.focus()
    emma.keyboard.type("avery")
    expect(emma.get_by_role("option", name="Aaron Avery")).to_be_visible()
    emma.keyboard.press("ArrowDown")
    expect(emma.get_by_role("option", name="Aaron Avery")).to_have_attribute("aria-selected", "true")
    emma.keyboard.press("Enter")
    expect(emma.locator(".chip")).to_contain_text("Aaron Avery")
    expect(field).to_be_focused()
    expect(field).to_have_value("")

    emma.keyboard.type("nobody@example.com")
    emma.keyboard.press("Enter")
    expect(emma.locator("[data-error-for=recipient]")).to_contain_text("Nobody in your organisation")
    expect(field).to_have_value("nobody@example.com")

    emma.get_by_role("button", name="Remove Aaron Avery").press("Enter")
    expect(emma.locator(".chip")).to_have_count(0)


def test_what_is_typed_is_there_after_a_reload_and_an_untouched_page_leaves_no_draft(stack: Stack, emma: Page) -> None:
    new_package(emma, stack)
    emma.reload()
    assert emma.url.endswith("/new/")
    emma.get_by_role("textbox", name="Title").fill("Kept without a button")
    expect(emma.locator("[data-saved]")).to_have_text("Saved")
    # “Saved” still stands there from before, so it is the answer that is waited for.
    with emma.expect_response(lambda answer: answer.request.method == "POST"):
        emma.get_by_role("textbox", name="Note").fill("And the note")
        emma.get_by_role("textbox", name="Title").focus()
    expect(emma.locator("[data-saved]")).to_have_text("Saved")
    emma.reload()
    expect(emma.get_by_role("textbox", name="Title")).to_have_value("Kept without a button")
    expect(emma.get_by_role("textbox", name="Note")).to_have_value("And the note")


def test_signing_in_again_in_another_tab_is_enough_to_go_on(stack: Stack, emma: Page, tmp_path: Path) -> None:
    new_package(emma, stack)
    emma.get_by_role("textbox", name="Title").fill("Before")
    expect(emma.locator("[data-saved]")).to_have_text("Saved")
    emma.context.clear_cookies()
    emma.get_by_role("textbox", name="Title").fill("After")
    expect(emma.locator("[data-error-for=title]")).to_contain_text("Your sign-in has ended")
    other_tab = emma.context.new_page()
    sign_in_as(other_tab, stack, EMPLOYEE)
    other_tab.close()
    packages.choose(emma, *small_files(tmp_path, "spar.step"))
    expect(emma.locator("[data-file-list] [data-state=verified]")).to_have_count(1, timeout=60_000)
    emma.get_by_role("button", name="Save draft").last.click()
    expect(emma.locator("[data-saved]")).to_have_text("Saved")
    emma.reload()
    expect(emma.get_by_role("textbox", name="Title")).to_have_value("After")


def test_send_names_what_is_missing_and_keeps_the_rest(stack: Stack, emma: Page, tmp_path: Path) -> None:
    new_package(emma, stack)
    packages.choose(emma, *small_files(tmp_path, "spar.step"))
    emma.get_by_role("button", name="Send", exact=True).click()
    expect(emma.locator("[data-error-for=recipient]")).to_contain_text("at least one recipient")
    expect(emma.locator("[data-error-for=title]")).to_contain_text("Give the package a title")
    expect(emma.locator("[data-error-for=files]")).to_be_hidden()
    expect(emma.locator("[data-file-list] > li")).to_have_count(1)


def test_a_file_is_removed_while_it_travels_and_after(stack: Stack, emma: Page, tmp_path: Path) -> None:
    new_package(emma, stack)
    packages.choose(emma, *small_files(tmp_path, "kept.step", "gone.step"))
    expect(emma.locator("[data-file-list] [data-state=verified]")).to_have_count(2)
    emma.get_by_role("button", name="Remove gone.step").click()
    expect(emma.locator("[data-file-list] > li")).to_have_count(1)
    emma.reload()
    expect(emma.locator("[data-file-list] > li")).to_have_count(1)
    expect(emma.locator("[data-file-list]")).to_contain_text("kept.step")


def test_send_pressed_at_once_takes_every_file_along(
    stack: Stack, new_person_far_away: NewPerson, tmp_path: Path
) -> None:
    page = new_person_far_away()
    sign_in_as(page, stack, EMPLOYEE)
    new_package(page, stack)
    page.get_by_role("combobox", name="Add a recipient").fill(stack.account(DECIDER)["email"])
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_role("textbox", name="Title").fill("All at once")
    folder = tmp_path / "wing"
    (folder / "left").mkdir(parents=True)
    packages.make_file(folder / "spar.step", 40)
    small_files(folder / "left", *(f"rib {number}.step" for number in range(11)))
    page.locator("[data-folder-input]").set_input_files(folder)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("[data-safe]")).to_contain_text("Keep this page open")
    expect(page.locator(".page-actions [data-state=delivered]")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("table").get_by_role("link", name="Download")).to_have_count(12)
    expect(page.get_by_text("wing/left/").first).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), SCREENS)
def test_axe_finds_nothing_and_nothing_sticks_out(
    stack: Stack, new_person: NewPerson, tmp_path: Path, theme: str, width: int
) -> None:
    page = new_person()
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    sign_in_as(page, stack, DECIDER)
    new_package(page, stack)
    page.get_by_role("combobox", name="Add a recipient").fill(stack.account(EMPLOYEE)["email"])
    page.get_by_role("button", name="Add", exact=True).click()
    packages.choose(page, *small_files(tmp_path, "drawing.step"))
    expect(page.locator("[data-file-list] [data-state=verified]")).to_have_count(1)
    page.set_viewport_size({"width": width, "height": 800})
    look_closely(page)
    page.get_by_role("textbox", name="Title").fill(f"Read by everybody, {theme} and {width} wide")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".page-actions [data-state=delivered]")).to_be_visible()
    look_closely(page)
    for path in ("/home/", "/sft/", "/sft/sent/", "/sft/drafts/", "/administration/requests/"):
        page.goto(stack.base_url + path)
        look_closely(page)
    page.goto(f"{stack.base_url}/administration/applications/")
    look_closely(page)
    page.get_by_role("link", name="Who has access").click()
    look_closely(page)
    page.get_by_role("link", name="Emma Engel").click()
    look_closely(page)


def look_closely(page: Page) -> None:
    assert barriers(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url  # type: ignore[index]
