"""Pieces of one part that came to several nodes: brought together at its home, given up with a lost node, and handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from core.actor import Actor
from tests.transfers.conftest import PART
from tests.transfers.piecing import CONTENT, HALF, send_range
from tests.transfers.sending import files_in, new_upload, sha256
from transfers import queries
from transfers.errors import (
    NoHome,
)
from transfers.models import Node, Piece, Upload
from transfers.queries import NODE_LOST_AFTER
from transfers.services import cleaning, pieces, room, sweeping, uploads
from transfers.storage import StoreUnavailable, store
from transfers.storage.s3 import S3Store

OnNode = Callable[[str], AbstractContextManager[Path]]


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


@pytest.fixture
def on_node(settings: LazySettings, tmp_path: Path) -> OnNode:
    """Do something as another node does it, with a staging folder of its own."""

    @contextmanager
    def there(name: str) -> Iterator[Path]:
        before = (settings.NODE_NAME, settings.STAGING_DIR)
        settings.NODE_NAME, settings.STAGING_DIR = name, tmp_path / name
        room.forget()
        try:
            yield settings.STAGING_DIR
        finally:
            settings.NODE_NAME, settings.STAGING_DIR = before
            room.forget()

    return there


def test_pieces_of_an_ended_upload_are_cleared(
    actor: Actor,
    upload: Upload,
    staging: Path,
    on_node: OnNode,
) -> None:
    send_range(actor, upload, 1, 0, 100)
    with on_node("other"):
        send_range(actor, upload, 1, 100, 100)
    key = Piece.objects.exclude(storage_key="").get().storage_key
    assert store().size(key) == 100
    uploads.remove(actor, upload=upload)
    assert cleaning.clean_up(upload.id)
    cleaning.clear_staging(upload.id)
    assert files_in(staging) == []
    assert not Piece.objects.exists()
    assert key not in {kept.key for kept in store().objects(pieces.ASIDE)}


def test_a_range_at_another_node_comes_to_the_part_s_home(
    actor: Actor,
    upload: Upload,
    staging: Path,
    on_node: OnNode,
) -> None:
    send_range(actor, upload, 1, 0, HALF)
    with on_node("other") as folder:
        assert send_range(actor, upload, 1, HALF, PART - HALF).state == "staged"
        assert files_in(folder) == []
        assert pieces.join(upload.id, 1) is None
    part = pieces.join(upload.id, 1)
    assert part is not None
    assert (staging / part.file).read_bytes() == CONTENT[:PART]
    assert not list(store().objects(f"{pieces.ASIDE}{upload.id.hex}"))


def test_a_store_that_is_silent_asks_to_come_back_with_a_range_for_another_node(
    actor: Actor,
    upload: Upload,
    on_node: OnNode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_range(actor, upload, 1, 0, HALF)

    def silent(*args: object, **kwargs: object) -> None:
        raise StoreUnavailable("no answer")

    with on_node("other") as folder:
        with monkeypatch.context() as patch, pytest.raises(NoHome):
            patch.setattr(S3Store, "put_aside", silent)
            send_range(actor, upload, 1, HALF, 100)
        assert files_in(folder) == []
        assert send_range(actor, upload, 1, HALF, 100).is_new


def test_a_lost_node_loses_its_pieces_and_another_becomes_home(
    actor: Actor,
    upload: Upload,
    staging: Path,
    on_node: OnNode,
) -> None:
    with on_node("other"):
        send_range(actor, upload, 1, 0, HALF)
    send_range(actor, upload, 1, HALF, 100)
    Node.objects.update_or_create(name="other", defaults={"unanswered": NODE_LOST_AFTER})
    sweeping.ask_nodes()
    assert [(one.start, one.size) for one in queries.ranges(upload)] == [(HALF, 100)]
    send_range(actor, upload, 1, 0, HALF)
    send_range(actor, upload, 1, HALF + 100, PART - HALF - 100)
    part = pieces.join(upload.id, 1)
    assert part is not None
    assert (staging / part.file).read_bytes() == CONTENT[:PART]


def test_pieces_on_two_nodes_come_together_when_a_lost_one_is_back(
    actor: Actor, upload: Upload, on_node: OnNode
) -> None:
    with on_node("one"):
        send_range(actor, upload, 1, 0, HALF)
    Node.objects.create(name="one", unanswered=NODE_LOST_AFTER)
    with on_node("two"):
        send_range(actor, upload, 1, HALF, PART - HALF)
    Node.objects.filter(name="one").update(unanswered=0)
    assert set(Piece.objects.values_list("node", flat=True)) == {"one", "two"}

    assert [one.nodes for one in queries.parts_to_join(before=timezone.now(), most=9)] == [{"one", "two"}]
    for name in ("one", "two"):
        with on_node(name) as folder:
            assert pieces.join(upload.id, 1) is None
            assert len(files_in(folder)) == (1 if name == "one" else 0)
    with on_node("one"):
        part = pieces.join(upload.id, 1)
    assert part is not None
    assert (part.node, part.sha256) == ("one", sha256(CONTENT[:PART]))
    assert not Piece.objects.exists()
