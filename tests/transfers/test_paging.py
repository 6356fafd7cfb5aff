"""Sweeps go through everything: those that cannot be done keep no others waiting, and a run that takes long goes on later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from core.actor import Actor
from core.errors import Conflict
from tests.transfers.conftest import Listener
from tests.transfers.sending import new_upload
from transfers.models import Upload, UploadState
from transfers.services import paging, sweeping


class Obstinate(Listener):
    """Will not hear of the end of some uploads."""

    kept: set[object]

    def failed(self, upload: Upload, reason: str) -> None:
        if upload.pk in self.kept:
            raise Conflict("Not this one.")
        super().failed(upload, reason)


@pytest.fixture
def overdue(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> list[Upload]:
    """Seven of them, by their keys; pages are of two."""
    monkeypatch.setattr(paging, "PAGE", 2)
    cache.delete_many(["transfers.paging.overdue", "transfers.paging.test"])
    for _ in range(7):
        new_upload(actor, b"abc")
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    return list(Upload.objects.order_by("pk"))


def ended() -> list[bool]:
    return [upload.state == UploadState.EXPIRED for upload in Upload.objects.order_by("pk")]


def test_those_that_cannot_be_ended_keep_no_others_waiting(
    overdue: list[Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Obstinate()
    listener.kept = {upload.pk for upload in overdue[:5]}
    monkeypatch.setattr("transfers.ports.transfer_listener._bound", listener)
    assert sweeping.expire_overdue() == 2
    assert ended() == [False] * 5 + [True] * 2
    listener.kept.clear()
    assert sweeping.expire_overdue() == 5


def test_a_run_ends_in_time_and_the_next_goes_on(overdue: list[Upload], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "SECONDS", 0.0)
    listener = Obstinate()
    listener.kept = {overdue[0].pk}
    monkeypatch.setattr("transfers.ports.transfer_listener._bound", listener)
    assert [sweeping.expire_overdue() for _ in range(4)] == [0, 1, 1, 1]
    assert ended() == [False, True, True, True, False, False, False]
    monkeypatch.setattr(paging, "SECONDS", 10.0)
    assert sweeping.expire_overdue() == 3
    assert sweeping.expire_overdue() == 0


def test_a_run_that_broke_off_goes_on_behind_what_broke_it(overdue: list[Upload]) -> None:
    seen = []
    with pytest.raises(ZeroDivisionError):
        for upload in paging.each(Upload.objects.all(), name="test"):
            seen.append(upload)
            1 / 0  # noqa: B018
    assert [*seen, *paging.each(Upload.objects.all(), name="test")] == overdue
