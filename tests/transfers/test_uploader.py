"""The browser's engine: a file on its way, from the disk to verified, and what ends it before."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.transfers.browser import CSRF, begin, context, owner, page, pool, running_pool, slow_down, wait_for, worker
from tests.transfers.conftest import PART, Listener, Policy
from tests.transfers.sending import content_in_store, random_bytes, sha256
from transfers.models import Upload, UploadState

__all__ = ["context", "owner", "page", "pool", "running_pool", "worker"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTENT = random_bytes(2 * PART + 12_345)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.step"
    path.write_bytes(CONTENT)
    return path


def test_a_file_travels_from_the_disk_to_verified(page: Page, file: Path, worker: None, listener: Listener) -> None:
    begin(page, file)
    now = wait_for(page, "transfer.state === 'verified'")
    upload = Upload.objects.get()
    assert (now["id"], now["sha256"], now["acknowledged"]) == (str(upload.id), sha256(CONTENT), len(CONTENT))
    assert content_in_store(upload) == CONTENT
    assert upload.last_modified == int(file.stat().st_mtime * 1000)
    states = [state for state, _ in now["said"]]
    assert (states[0], states[-1], now["busy"]) == ("uploading", "verified", False)
    assert "failed" not in states
    sent = page.evaluate("() => sent")
    assert sent == sorted(sent)
    assert sent[-1] == len(CONTENT)
    assert listener.told == [("created", upload.id), ("stored", upload.id)]


def test_an_empty_file_travels_too(page: Page, tmp_path: Path, worker: None) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    begin(page, empty)
    assert wait_for(page, "transfer.state === 'verified'")["sha256"] == sha256(b"")


def test_giving_up_frees_the_upload(page: Page, file: Path) -> None:
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    page.evaluate("() => transfer.abort()")
    assert wait_for(page, "transfer.state === 'aborted'")["busy"] is False
    assert Upload.objects.get().state == UploadState.ABORTED


def test_what_the_policy_says_reaches_the_person(page: Page, file: Path, policy: Policy) -> None:
    from core.policies import refused

    policy.decision = refused("This package has been sent already.")
    begin(page, file)
    now = wait_for(page, "transfer.state === 'failed'")
    assert (now["code"], now["reason"]) == ("not_allowed", "This package has been sent already.")


def test_a_stale_page_asks_to_sign_in_again(page: Page, file: Path) -> None:
    begin(page, file, csrf=CSRF.replace("a", "b"))
    assert wait_for(page, "transfer.state === 'waiting'")["code"] == "sign_in_required"
    assert not Upload.objects.exists()
