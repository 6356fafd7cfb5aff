"""The ledger under whatever may happen: any order of sending, repeating, dying, losing and completing, on two nodes, ends
with the sender's bytes in the store.

``LEDGER_EXAMPLES`` asks for more of them than a test run has time for.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from core.actor import Actor
from core.errors import Conflict, DomainError
from tests.transfers.conftest import actor_of, make_user
from tests.transfers.sending import content_in_store, new_upload, random_bytes, sha256
from transfers import queries, staging
from transfers.errors import PartsMissing, RangeOverlaps
from transfers.models import Node, Part, PartState, Piece, Upload, UploadState
from transfers.queries import NODE_LOST_AFTER
from transfers.services import cleaning, finishing, parts, pieces, pushing, receiving, room, sweeping, uploads
from transfers.services.parts import Announced
from transfers.storage import PartsDiffer, StoredPart
from transfers.storage.s3 import S3Store

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "25"))
PART = 100
SIZE = 2 * PART + 30
CONTENT = random_bytes(SIZE)
NODES = ("here", "there")
ROUNDS = 12

numbers = st.integers(1, 3)
nodes = st.sampled_from(NODES)
steps = st.one_of(
    st.tuples(st.just("put"), nodes, numbers),
    st.tuples(st.just("put_range"), nodes, numbers, st.integers(0, PART - 1), st.integers(1, PART)),
    st.tuples(st.just("die_while_receiving"), nodes, numbers, st.integers(0, 30), st.booleans()),
    st.tuples(st.just("push"), nodes, numbers),
    st.tuples(st.just("die_after_the_store_call"), nodes, numbers),
    st.tuples(st.just("join"), nodes, numbers),
    st.tuples(st.just("lose_a_file"), nodes, st.integers(0, 5)),
    st.tuples(st.just("give_up"), nodes),
    st.tuples(st.just("complete")),
)


class Sender:
    """Somebody with a file, two nodes, and workers that live as long as a step."""

    def __init__(self, actor: Actor, folder: Path) -> None:
        self.actor = actor
        self.folder = folder
        self.upload = new_upload(actor, CONTENT)
        Upload.objects.filter(pk=self.upload.pk).update(part_size=PART)
        self.reload()

    def reload(self) -> Upload:
        self.upload = Upload.objects.get(pk=self.upload.pk)
        return self.upload

    @contextmanager
    def on(self, node: str) -> Iterator[None]:
        settings.NODE_NAME, settings.STAGING_DIR = node, self.folder / node
        room.forget()
        yield

    def put(self, node: str, number: int) -> None:
        self.put_range(node, number, 0, PART)

    def put_range(self, node: str, number: int, start: int, size: int) -> None:
        length = self.upload.length_of(number)
        start = min(start, length - 1)
        body = CONTENT[(number - 1) * PART :][:length][start : start + size]
        announced = Announced(number, len(body), sha256(body), start, length)
        with self.on(node), suppress(RangeOverlaps, Conflict):
            entry = parts.receive(self.actor, upload=self.reload(), announced=announced, read=io.BytesIO(body).read)
            self._is_acknowledged(entry)

    def _is_acknowledged(self, entry: receiving.Entry) -> None:
        part = self.upload.parts.filter(number=entry.number).exclude(state=PartState.MISSING).first()
        there = queries.ranges(self.upload)
        assert part or any(
            (one.number, one.start, one.size) == (entry.number, entry.start, entry.size) for one in there
        )

    def die_while_receiving(self, node: str, number: int, size: int, is_sealed: bool) -> None:
        with self.on(node), suppress(DomainError):
            writer = receiving.RangeWriter(self.actor, upload=self.reload(), number=number)
            writer.write(CONTENT[(number - 1) * PART :][:size])
            if is_sealed:
                writer.seal()

    def push(self, node: str, number: int) -> None:
        for part in self.upload.parts.filter(number=number, state=PartState.STAGED, node=node):
            with self.on(node):
                pushing.push_part(part.pk)

    def die_after_the_store_call(self, node: str, number: int) -> None:
        for part in self.upload.parts.filter(number=number, state=PartState.STAGED, node=node):
            with self.on(node), suppress(FileNotFoundError):
                claimed = pushing._claim(part.pk)
                if claimed is not None:
                    pushing._put(claimed)

    def join(self, node: str, number: int) -> None:
        with self.on(node):
            pieces.join(self.upload.pk, number)

    def lose_a_file(self, node: str, index: int) -> None:
        with self.on(node):
            names = sorted({*self.upload.parts.filter(node=node, state=PartState.STAGED).values_list("file", flat=True)}
                | {*self.upload.pieces.filter(node=node).values_list("file", flat=True)})  # fmt: skip
            for name in names[index : index + 1]:
                staging.remove(name)

    def give_up(self, node: str) -> None:
        Node.objects.update_or_create(name=node, defaults={"unanswered": NODE_LOST_AFTER})
        sweeping._give_up(Node.objects.get(name=node))
        Node.objects.filter(name=node).update(unanswered=0)

    def complete(self) -> None:
        with suppress(PartsMissing):
            uploads.complete(self.actor, upload=self.upload)

    def go_on_to_the_end(self) -> Upload:
        """What sweeps and a patient sender do, a few times over."""
        for _ in range(ROUNDS):
            for number in queries.missing_numbers(self.reload()):
                self.put("here", number)
            self.complete()
            for node in NODES:
                with self.on(node):
                    pushing.take_over()
                for number in (1, 2, 3):
                    self.join(node, number)
                    self.push(node, number)
            finishing.finish_upload(self.upload.pk)
            if self.reload().state == UploadState.STORED:
                break
        return self.upload


@pytest.fixture
def _store_takes_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real store, but that it puts parts of any size together: S3 wants 5 MiB, which is too much for so many examples."""
    contents: dict[tuple[str, int], bytes] = {}
    put_part = S3Store.put_part

    def remember(self: S3Store, key: str, multipart_id: str, number: int, body: Any, **said: Any) -> str:
        contents[multipart_id, number] = body.read()
        body.seek(0)
        return put_part(self, key, multipart_id, number, body, **said)

    def assemble(self: S3Store, key: str, multipart_id: str, listed: Sequence[StoredPart]) -> None:
        held = {part.number: part.etag for part in self.parts(key, multipart_id)}
        if any(held.get(part.number) != part.etag for part in listed):
            raise PartsDiffer("other parts")
        content = b"".join(contents[multipart_id, part.number] for part in listed)
        self.put_aside(key, io.BytesIO(content), size=len(content), sha256=sha256(content))
        self.abandon(key, multipart_id)

    monkeypatch.setattr(S3Store, "put_part", remember)
    monkeypatch.setattr(S3Store, "assemble", assemble)


class _Undone(Exception):
    """Not an error: the example is over."""


@pytest.mark.django_db
@pytest.mark.usefixtures("_store_takes_small_parts")
@profile(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happening=st.lists(steps, max_size=14))
def test_any_interleaving_ends_with_the_sender_s_bytes(
    happening: list[tuple[str, *tuple[object, ...]]],
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    with suppress(_Undone), transaction.atomic():
        sender = Sender(actor_of(make_user("any")), tmp_path)
        for name, *arguments in happening:
            getattr(sender, name)(*arguments)
        upload = sender.go_on_to_the_end()
        assert upload.state == UploadState.STORED
        assert content_in_store(upload) == CONTENT
        assert upload.sha256 == sha256(CONTENT)
        assert not Piece.objects.filter(upload=upload).exists()
        assert not Part.objects.filter(upload=upload).exclude(state=PartState.PUSHED).exists()
        for node in NODES:
            with sender.on(node):
                # Whatever a dead writer left is nobody's and goes with the sweep.
                named = {name for name, _ in staging._files()}
                assert not named & {*Part.objects.filter(state=PartState.STAGED).values_list("file", flat=True)}
                cleaning.remove_orphans()
        raise _Undone
