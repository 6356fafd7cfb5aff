"""The direct door in Chromium: parts go from the page to the store on another origin, and come back verified."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.transfers import faulty_store
from tests.transfers.browser import begin, context, open_page, owner, puts_of, send_over, wait_for, worker
from tests.transfers.conftest import PART, Placement
from tests.transfers.faulty_store import FaultyStore
from tests.transfers.sending import content_in_store, random_bytes, sha256
from transfers.models import Door, Upload
from transfers.ports import Place

__all__ = ["context", "owner", "worker"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTENT = random_bytes(PART + 12_345)


@pytest.fixture
def page(
    context: BrowserContext, faulty: FaultyStore, settings: LazySettings, live_server: LiveServer, placement: Placement
) -> Page:
    """A page that may send to the store and to nothing else, in front of a bucket made for it."""
    settings.BASE_URL = live_server.url
    settings.UPLOAD_DOOR, settings.S3_PUBLIC_ENDPOINT_URL = "direct", faulty.endpoint
    placement.place = Place(bucket=f"mag-{uuid4().hex[:12]}")
    send_over(settings, faulty.endpoint)
    return open_page(context.new_page())


def test_a_file_travels_straight_to_the_store_over_a_line_that_breaks(
    page: Page, faulty: FaultyStore, tmp_path: Path, worker: None
) -> None:
    file = tmp_path / "drawing.step"
    file.write_bytes(CONTENT)
    faulty.plan(faulty_store.CutRequest(after=100_000), on=faulty_store.putting_part(1), times=1)
    puts = puts_of(page)
    begin(page, file)
    now = wait_for(page, "transfer.state === 'verified'")
    upload = Upload.objects.get()
    assert (upload.door, now["sha256"]) == (Door.DIRECT, sha256(CONTENT))
    assert content_in_store(upload) == CONTENT
    # The browser itself tries a broken connection once more, so the store has seen one more than the page has asked for.
    assert sum(map(faulty_store.putting_parts, faulty.asked)) == 3
    assert {put.url.startswith(f"{faulty.endpoint}/{upload.bucket}/") for put in puts} == {True}
