"""The browser's engine and folders of thousands: a queue that stays quick, a heap that stays flat, few questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page

from tests.transfers.browser import CSRF, context, owner, page, pool, running_pool, small_parts
from transfers.models import Upload, UploadState

__all__ = ["context", "owner", "page", "pool", "running_pool", "small_parts"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILES = 2000
AT_A_TIME = 500
KIB = 1024
INSTANT_DOORS = (Path(__file__).parent / "instant_doors.js").read_text()
ADD = """async ({csrf, count, first}) => {
  const engine = await import("/static/js/uploader/uploader.js");
  window.uploader ??= new engine.Uploader({createUrl: "/transfers/uploads/", csrfToken: csrf});
  const names = Array.from({length: count}, (_, index) => `part-${first + index}.step`);
  for (const name of names) window.uploader.add(new File([new Uint8Array(1024)], name), {path: "many"});
}"""
ENDED = """([state, count]) => uploader.transfers.filter((transfer) => transfer.state === state).length === count"""


def heap_of(session: CDPSession) -> int:
    session.send("HeapProfiler.collectGarbage")
    return int(session.send("Runtime.getHeapUsage")["usedSize"])


def test_thousands_of_files_leave_the_heap_flat(page: Page) -> None:
    page.evaluate(INSTANT_DOORS)
    session = page.context.new_cdp_session(page)
    heaps = []
    for first in range(0, FILES, AT_A_TIME):
        page.evaluate(ADD, {"csrf": CSRF, "count": AT_A_TIME, "first": first})
        page.wait_for_function(ENDED, arg=["verified", first + AT_A_TIME], timeout=60_000)
        heaps.append(heap_of(session))
    a_file = (heaps[-1] - heaps[0]) / (FILES - AT_A_TIME)
    assert a_file < 3 * KIB
    asked = page.evaluate("() => asked")
    assert (asked["create"], asked["put"], asked["complete"]) == (FILES, FILES, FILES)
    assert asked["states"] < FILES / 20
    assert 2 <= asked["most"] <= 5


def test_a_folder_of_small_files_arrives_whole(page: Page) -> None:
    page.evaluate(ADD, {"csrf": CSRF, "count": 25, "first": 0})
    page.wait_for_function(ENDED, arg=["uploaded", 25], timeout=60_000)
    assert Upload.objects.filter(state=UploadState.PUSHING, path="many", size=KIB).count() == 25
    assert page.evaluate("() => uploader.busy") is False
