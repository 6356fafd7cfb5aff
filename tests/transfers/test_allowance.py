"""How many uploads one person may begin: empty files fill no quota, but rows and the audit trail."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from django.conf import LazySettings

from core.actor import Actor
from core.errors import NotAllowed, TooMany
from core.models import AuditEvent
from tests.transfers.conftest import actor_of, make_user
from transfers.models import Concat, Door, Upload
from transfers.services import allowance, uploads


@pytest.fixture(autouse=True)
def three(settings: LazySettings) -> None:
    settings.UPLOAD_LOOSE_PER_USER = 3


def loose(actor: Actor, concat: Concat = Concat.NONE) -> Upload:
    return uploads.create(actor, subject=None, name="empty.txt", size=0, door=Door.TUS, concat=concat)


def test_one_person_has_so_many_files_for_nothing_in_particular(actor: Actor) -> None:
    first, *_ = [loose(actor), loose(actor, Concat.PARTIAL), loose(actor)]
    with pytest.raises(NotAllowed, match="3 files here that belong to no package") as refusal:
        loose(actor)
    assert refusal.value.error_code == "too_many_files"
    with pytest.raises(NotAllowed):
        loose(actor, Concat.PARTIAL)
    assert AuditEvent.objects.count() == 3

    loose(actor_of(make_user("neighbour")))
    uploads.create(actor, subject=uuid4(), name="for-a-package.txt", size=0)
    uploads.abort(actor, upload=first)
    loose(actor)


def test_what_is_there_can_still_be_joined(actor: Actor) -> None:
    for _ in range(3):
        loose(actor, Concat.PARTIAL)
    for _ in range(3):
        loose(actor, Concat.FINAL)
    with pytest.raises(NotAllowed):
        loose(actor, Concat.FINAL)


def test_no_limit_is_none(actor: Actor, settings: LazySettings) -> None:
    settings.UPLOAD_LOOSE_PER_USER = 0
    for _ in range(4):
        loose(actor)


def test_whoever_begins_and_removes_without_end_is_told_to_wait(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"uploads begun by a person {uuid4()}"
    monkeypatch.setattr(allowance, "BEGUN", replace(allowance.BEGUN, name=name, rate="2/hour"))
    for _ in range(2):
        uploads.remove(actor, upload=loose(actor))
    with pytest.raises(TooMany) as refusal:
        loose(actor)
    assert refusal.value.retry_after > 0
    loose(actor_of(make_user("neighbour")))
