"""New Package in a browser: a folder that no package can hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from sft import policies
from tests.sft import world as worlds
from tests.sft.world import draft
from tests.signing_in import fresh, let_in_by_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_more_files_than_a_package_holds_are_refused_before_there_is_a_row_for_each(
    browser: Browser, live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "FILES_PER_PACKAGE", 3)
    let_in_by_password()
    world = worlds.build()
    package = draft(world)
    files = [tmp_path / f"{number}.txt" for number in range(4)]
    for file in files:
        file.write_text("Some words.")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    cookies = fresh(world.sender.user).cookies.items()
    context.add_cookies([{"name": name, "value": held.value, "url": live_server.url} for name, held in cookies])
    page = context.new_page()
    page.goto(f"{live_server.url}/sft/packages/{package.pk}/draft/")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()

    page.locator("[data-files-input]").set_input_files(files)
    expect(page.get_by_role("alert").filter(has_text="3 files at most")).to_contain_text("it would be 4")
    expect(page.locator("[data-file-list] > .file-row")).to_have_count(0)

    page.locator("[data-files-input]").set_input_files(files[:3])
    expect(page.locator("[data-file-list] > .file-row")).to_have_count(3)
    expect(page.get_by_role("alert").filter(has_text="files at most")).to_have_count(0)
    context.close()
