"""The browser's engine when something gives way: the pool, the line, the sign-in, a disk of the gateway."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page

from accounts.models import User
from core import tokens
from tests.transfers.browser import (
    RunningPool,
    begin,
    context,
    join_pieces,
    owner,
    page,
    pool,
    running_pool,
    slow_down,
    small_parts,
    wait_for,
)
from tests.transfers.conftest import MIB, PART, actor_of
from tests.transfers.sending import content_in_store, new_upload, random_bytes
from transfers.models import Part, Upload, UploadState
from transfers.services import finishing, pushing

__all__ = ["context", "owner", "page", "pool", "running_pool", "small_parts"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTENT = random_bytes(5 * MIB + 12_345)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.step"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def underway(page: Page, small_parts: None, file: Path) -> Page:
    """Some of the file has arrived, and no more than some."""
    slow_down(page)
    begin(page, file)
    wait_for(page, "transfer.acknowledged > 0")
    return page


def arrives(page: Page, pool: RunningPool) -> set[str]:
    """The rest arrives, too; the codes of everything that was waited for."""
    now = wait_for(page, "transfer.state === 'uploaded'", seconds=60)
    assert pool.staged(Upload.objects.get(name="drawing.step", size__gt=0)) == CONTENT
    return {code for state, code in now["said"] if state == "waiting"}


def test_a_killed_upload_pool_is_waited_for(underway: Page, pool: RunningPool) -> None:
    pool.process.kill()
    assert wait_for(underway, "transfer.state === 'waiting'")["code"] == "network"
    pool.process.start()
    assert arrives(underway, pool) == {"network"}


def test_a_gateway_that_is_full_is_waited_for_as_long_as_it_says(
    page: Page, small_parts: None, file: Path, pool: RunningPool, owner: User
) -> None:
    elsewhere = new_upload(actor_of(owner), b"")
    digest = "0" * 64
    full = Part.objects.create(upload=elsewhere, number=1, size=2**50, sha256=digest, node="here", file=uuid4().hex)
    begin(page, file)
    waiting = wait_for(page, "transfer.state === 'waiting'")
    assert (waiting["code"], waiting["acknowledged"]) == ("staging_full", 0)
    assert "Nothing was lost" in waiting["reason"]
    full.delete()
    assert arrives(page, pool) == {"staging_full"}


def test_a_line_that_goes_and_comes_back_is_waited_for(underway: Page, pool: RunningPool) -> None:
    underway.context.set_offline(True)
    assert wait_for(underway, "transfer.state === 'waiting'")["code"] in {"offline", "network"}
    underway.context.set_offline(False)
    assert arrives(underway, pool) <= {"offline", "network"}


def test_a_token_that_ended_is_renewed(underway: Page, pool: RunningPool, owner: User) -> None:
    tokens.revoke_owned_by(owner.id)
    assert "sign_in_required" not in arrives(underway, pool)


def test_a_session_that_ended_parks_the_upload(underway: Page, pool: RunningPool, owner: User) -> None:
    cookies = underway.context.cookies()
    underway.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    tokens.revoke_owned_by(owner.id)
    assert wait_for(underway, "transfer.code === 'sign_in_required'")["state"] == "waiting"
    underway.context.add_cookies(cookies)  # type: ignore[arg-type]
    underway.evaluate("() => transfer.resume()")
    assert "sign_in_required" in arrives(underway, pool)


def test_a_part_lost_after_completion_is_sent_again(page: Page, tmp_path: Path, pool: RunningPool) -> None:
    content = random_bytes(PART + 12_345)
    file = tmp_path / "drawing.step"
    file.write_bytes(content)
    begin(page, file)
    wait_for(page, "transfer.state === 'uploaded'")
    join_pieces()
    lost = Part.objects.get(number=2)
    (pool.staging / lost.file).unlink()
    for part in Part.objects.all():
        pushing.push_part(part.id)
    assert Upload.objects.get().state == UploadState.RECEIVING
    page.wait_for_function("() => said.filter(([state]) => state === 'uploaded').length === 2")
    assert pushing.push_part(lost.id)
    assert finishing.finish_upload(lost.upload_id)
    wait_for(page, "transfer.state === 'verified'")
    assert content_in_store(Upload.objects.get()) == content
