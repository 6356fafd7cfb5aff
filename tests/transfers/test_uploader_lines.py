"""The browser's engine and its connections: several origins, ranges of parts, the last part over a faster line, the pace."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page

from tests.e2e.slow_line import SlowLine
from tests.transfers.browser import (
    NAMES,
    RunningPool,
    begin,
    context,
    host_of,
    open_page,
    owner,
    page,
    part_of,
    pool,
    puts_of,
    range_of,
    running_pool,
    send_over,
    small_parts,
    wait_for,
)
from tests.transfers.conftest import MIB
from tests.transfers.sending import random_bytes
from transfers.models import Part, Upload

__all__ = ["context", "owner", "page", "pool", "running_pool", "small_parts"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIMULATION = (Path(__file__).parent / "simulated_line.js").read_text()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "drawing.step"


def test_parts_are_spread_over_the_origins(
    page: Page, small_parts: None, file: Path, pool: RunningPool, settings: LazySettings
) -> None:
    file.write_bytes(random_bytes(12 * MIB))
    send_over(settings, *pool.origins(*NAMES))
    puts = puts_of(open_page(page))
    begin(page, file, parallel=24)
    wait_for(page, "transfer.state === 'uploaded'")
    assert {host_of(put) for put in puts} == set(NAMES)
    assert set(map(part_of, puts)) == set(range(1, 13))
    assert pool.staged(Upload.objects.get()) == file.read_bytes()


def test_a_browser_asks_an_origin_before_it_sends_there_not_before_each_part(
    page: Page, small_parts: None, file: Path, pool: RunningPool
) -> None:
    file.write_bytes(random_bytes(8 * MIB))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    asked: list[str] = []
    session.on(
        "Network.requestWillBeSent",
        lambda event: asked.append(event["request"]["url"]) if event["request"]["method"] == "OPTIONS" else None,
    )
    puts = puts_of(page)
    begin(page, file, parallel=2)
    wait_for(page, "transfer.state === 'uploaded'")
    assert len(puts) >= 8
    # The first two leave together.
    assert 1 <= len(asked) <= 2


def test_an_origin_that_is_down_is_left_alone(
    page: Page, small_parts: None, file: Path, pool: RunningPool, settings: LazySettings
) -> None:
    file.write_bytes(random_bytes(6 * MIB))
    send_over(settings, *pool.origins(), "http://127.0.0.1:9")
    open_page(page)
    begin(page, file, parallel=4)
    now = wait_for(page, "transfer.state === 'uploaded'")
    assert "waiting" not in [state for state, _ in now["said"]]
    assert pool.staged(Upload.objects.get()) == file.read_bytes()


def test_a_part_travels_in_ranges_where_there_are_few(
    page: Page, file: Path, pool: RunningPool, settings: LazySettings
) -> None:
    settings.UPLOAD_PART_BYTES = 16 * MIB
    file.write_bytes(random_bytes(17 * MIB))
    puts = puts_of(page)
    begin(page, file, parallel=4)
    wait_for(page, "transfer.state === 'uploaded'")
    ranges = sorted(range_of(put) for put in puts if part_of(put) == 1)
    assert len(ranges) >= 4
    assert [first for first, _ in ranges] == [0, *(last + 1 for _, last in ranges[:-1])]
    assert ranges[-1][1] == 16 * MIB - 1
    assert [range_of(put) for put in puts if part_of(put) == 2] == [(16 * MIB, 17 * MIB - 1)]
    assert pool.staged(Upload.objects.get()) == file.read_bytes()
    assert Part.objects.count() == 2


def test_the_last_part_is_taken_over_by_a_faster_line(
    page: Page, small_parts: None, file: Path, pool: RunningPool, settings: LazySettings
) -> None:
    file.write_bytes(random_bytes(8 * MIB))
    with SlowLine(target=pool.process.port, bytes_a_second=10_000) as line:
        send_over(settings, *pool.origins(), f"http://127.0.0.1:{line.port}")
        puts = puts_of(open_page(page))
        began = time.monotonic()
        begin(page, file, parallel=2)
        wait_for(page, "transfer.state === 'uploaded'")
        # Over the slow line alone its bytes would take 52 seconds.
        assert time.monotonic() - began < 30
        page.close()
    assert Counter(map(range_of, puts)).most_common(1)[0][1] == 2
    assert pool.staged(Upload.objects.get()) == file.read_bytes()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{each: () => 10000, capacity: () => 25000, noise: 0.2, seconds: 60}", (4, 8)),
        ("{each: () => 165, capacity: () => 25000, noise: 0.5, seconds: 90}", (20, 24)),
        ("{each: () => 165, capacity: (t) => (t < 150 ? 25000 : 1500), noise: 0.5, seconds: 450}", (4, 16)),
    ],
    ids=["a clean line is left at few", "a lossy line is climbed", "a falling line gives back"],
)
def test_the_pace_follows_the_line(page: Page, line: str, expected: tuple[float, float]) -> None:
    runs: list[dict[str, Any]] = page.evaluate(
        f"""async () => {{
          const pace = await import("/static/js/uploader/pace.js");
          const run = {SIMULATION.strip().removesuffix(";")};
          return Array.from({{length: 20}}, (_, seed) => run(pace, {{seed, ...{line}}}));
        }}"""
    )
    least, most = expected
    middle = sorted(run["uses"] for run in runs)[len(runs) // 2]
    assert least <= middle <= most
