"""The browser's engine going on: after a pause, a reload, a sleep, in another tab, and never with another file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db.models import Value
from playwright.sync_api import BrowserContext, Page

from tests.transfers.browser import (
    RunningPool,
    begin,
    context,
    open_page,
    owner,
    page,
    pool,
    puts_of,
    range_of,
    running_pool,
    slow_down,
    small_parts,
    wait_for,
)
from tests.transfers.conftest import MIB
from tests.transfers.sending import random_bytes
from transfers.models import Part, Piece, Upload

__all__ = ["context", "owner", "page", "pool", "running_pool", "small_parts"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("small_parts"),
]

CONTENT = random_bytes(5 * MIB + 12_345)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.step"
    path.write_bytes(CONTENT)
    return path


def begun(page: Page, file: Path) -> str:
    """Send some of the file, and no more than some; its id."""
    slow_down(page)
    begin(page, file)
    return str(wait_for(page, "transfer.acknowledged > 0")["id"])


def test_a_pause_stops_and_only_the_rest_travels_after_it(page: Page, file: Path, pool: RunningPool) -> None:
    begun(page, file)
    page.evaluate("() => transfer.pause()")
    time.sleep(0.5)
    paused = wait_for(page, "transfer.state === 'paused'")
    there = set(Part.objects.values_list("number", "staged_at"))
    assert 0 < paused["acknowledged"] < len(CONTENT)
    page.evaluate("() => transfer.resume()")
    wait_for(page, "transfer.state === 'uploaded'")
    assert there <= set(Part.objects.values_list("number", "staged_at"))
    assert pool.staged(Upload.objects.get()) == CONTENT


def test_after_a_reload_only_missing_bytes_travel(page: Page, file: Path, pool: RunningPool) -> None:
    upload_id = begun(page, file)
    open_page(page)
    pieces = [*Piece.objects.values_list("number", "start"), *Part.objects.values_list("number", Value(0))]
    there = {(number - 1) * MIB + start for number, start in pieces}
    puts = puts_of(page)
    begin(page, file, upload_id=upload_id)
    wait_for(page, "transfer.state === 'uploaded'")
    assert there
    assert there.isdisjoint(range_of(put)[0] for put in puts)
    assert pool.staged(Upload.objects.get()) == CONTENT


def test_after_a_reload_only_missing_ranges_of_a_part_travel(
    page: Page, tmp_path: Path, pool: RunningPool, settings: LazySettings
) -> None:
    settings.UPLOAD_PART_BYTES = 16 * MIB
    file = tmp_path / "model.step"
    file.write_bytes(random_bytes(14 * MIB))
    slow_down(page, bytes_a_second=8 * MIB)
    begin(page, file)
    upload_id = wait_for(page, "transfer.acknowledged > 0")["id"]
    open_page(page)
    there = set(Piece.objects.values_list("start", flat=True))
    assert there
    puts = puts_of(page)
    begin(page, file, upload_id=upload_id)
    wait_for(page, "transfer.state === 'uploaded'")
    assert there.isdisjoint(range_of(put)[0] for put in puts)
    assert pool.staged(Upload.objects.get()) == file.read_bytes()


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: random_bytes(len(content))])
def test_another_file_is_not_mixed_in(page: Page, file: Path, change: Callable[[bytes], bytes]) -> None:
    upload_id = begun(page, file)
    open_page(page)
    file.write_bytes(change(CONTENT))
    begin(page, file, upload_id=upload_id)
    assert wait_for(page, "transfer.state === 'failed'")["code"] == "file_changed"


def test_a_file_that_changes_on_its_disk_meanwhile_is_not_sent_on(page: Page, file: Path) -> None:
    begun(page, file)
    file.write_bytes(random_bytes(len(CONTENT)))
    os.utime(file, (1, 1))
    now = wait_for(page, "transfer.state === 'failed'")
    assert now["code"] == "file_unreadable"
    assert "changed" in now["reason"]


def test_the_same_content_copied_anew_is_compared_whole_and_goes_on(page: Page, file: Path, pool: RunningPool) -> None:
    upload_id = begun(page, file)
    open_page(page)
    os.utime(file, (1, 1))
    begin(page, file, upload_id=upload_id)
    wait_for(page, "transfer.state === 'uploaded'")
    assert pool.staged(Upload.objects.get()) == CONTENT


def test_after_a_sleep_what_was_under_way_is_sent_again(page: Page, file: Path, pool: RunningPool) -> None:
    puts = puts_of(page)
    begun(page, file)
    # What browsers tell a page that was frozen.
    page.evaluate("() => document.dispatchEvent(new Event('resume'))")
    now = wait_for(page, "transfer.state === 'uploaded'")
    assert {state for state, _ in now["said"]} <= {"uploading", "uploaded"}
    assert len(puts) > Part.objects.count()
    assert pool.staged(Upload.objects.get()) == CONTENT


def test_of_two_tabs_one_sends_and_the_other_takes_over_when_it_is_closed(
    page: Page, context: BrowserContext, file: Path, pool: RunningPool
) -> None:
    upload_id = begun(page, file)
    other = open_page(context.new_page())
    begin(other, file, upload_id=upload_id)
    assert wait_for(other, "transfer.state === 'waiting'")["code"] == "other_tab"
    page.close()
    wait_for(other, "transfer.state === 'uploaded'")
    assert pool.staged(Upload.objects.get()) == CONTENT
