"""What a program may do to a gateway that believes it: bodies without an end, hours of one body."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings

from core.actor import Actor
from sft.models import Subscription
from sft.services import quotas
from tests.sft.world import operator
from tests.transfers.conftest import MIB, PART, Policy, actor_of
from tests.transfers.sending import random_bytes
from tests.transfers.tus.conftest import Gateway
from tests.transfers.tus.speaking import Speaker, upload_at, work_off
from transfers import queries
from transfers.errors import StagingFull
from transfers.models import Upload, UploadState
from transfers.services import cleaning, room
from transfers.services.tus import cutting
from transfers.services.tus.checksums import Checksum
from transfers.services.tus.cutting import Cutter
from transfers.services.tus.turns import Turn

CONTENT = random_bytes(3 * PART)


@pytest.fixture
def quota(gateway: Gateway) -> Iterator[int]:
    subscription = Subscription.objects.get(organization=gateway.world.aurora)
    room_for = quotas.used_by_organization(gateway.world.aurora.pk) + PART
    quotas.set_limits(operator(), subscription=subscription, organization=room_for, user=None)
    yield PART
    quotas.set_limits(operator(), subscription=subscription, organization=None, user=None)


def test_a_body_without_an_end_stops_where_the_quota_does(tus: Speaker, quota: int) -> None:
    path = tus.create(None)
    blocks = [CONTENT[start : start + MIB] for start in range(0, len(CONTENT), MIB)]
    answer = tus.patch(path, 0, blocks[:5], Transfer_Encoding="chunked")
    assert (answer.status, answer.offset) == (204, quota)
    path = tus.create(None)
    with contextlib.suppress(ConnectionError):
        assert tus.patch(path, 0, blocks, Transfer_Encoding="chunked").status == 403
    assert tus.head(path).offset == 0


@pytest.fixture
def sender(gateway: Gateway, policy: Policy) -> Actor:
    return actor_of(gateway.world.sender.user)


def announced_as_a_whole(actor: Actor, upload: Upload) -> Cutter:
    checksum = Checksum("sha256", hashlib.sha256(CONTENT).digest())
    writer = uuid4()
    Upload.objects.filter(pk=upload.pk).update(writer=writer)
    turn = Turn(offset=0, stop=lambda: None)
    return Cutter(actor, upload=upload, start=0, checksum=checksum, writer=writer, turn=turn)


class _Body(io.BytesIO):
    length = len(CONTENT)

    def stop(self) -> None:
        raise AssertionError("Nobody has a reason to stop this body.")


class _OfHours(_Body):
    """Two hours go by with each block, and the node tidies up meanwhile."""

    def __init__(self, staging: Path) -> None:
        super().__init__(CONTENT)
        self._staging = staging

    def read(self, size: int | None = -1, /) -> bytes:
        cleaning.remove_orphans()
        before = time.time() - timedelta(hours=2).total_seconds()
        for file in self._staging.iterdir():
            os.utime(file, (before, before))
        return super().read(size)


def test_what_waits_for_the_end_of_its_body_is_no_orphan(
    tus: Speaker, sender: Actor, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "TOUCH_EVERY_SECONDS", 0)
    path = tus.create(len(CONTENT))
    cutter = announced_as_a_whole(sender, upload_at(path))
    cutter.take(_OfHours(staging))
    assert tus.head(path).offset == len(CONTENT)
    assert work_off(upload_at(path)).state == UploadState.STORED


def test_what_waits_for_the_end_of_its_body_fills_the_folder_too(
    tus: Speaker, sender: Actor, staging: Path, settings: LazySettings
) -> None:
    settings.STAGING_QUOTA_BYTES = queries.staged_bytes("here") + 2 * PART
    room.forget()
    cutter = announced_as_a_whole(sender, upload_at(tus.create(len(CONTENT))))
    with pytest.raises(StagingFull):
        cutter.take(_Body(CONTENT))
    cutter.close()
    room.forget()
