"""Final uploads: begun from complete partial ones, their parts made in the store out of the bytes of those."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from core.errors import Conflict, NotFound
from transfers import staging
from transfers.connections import release
from transfers.errors import StagingFull
from transfers.models import Concat, Door, Part, PartState, TusSource, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import claims, maintenance, paging, pushing, uploads
from transfers.services.tus import completing
from transfers.services.tus.errors import Ended, Malformed
from transfers.services.tus.facts import FileFacts
from transfers.services.verifying import Damaged
from transfers.storage import NoSuchMultipart, NoSuchObject, StoreUnavailable, store

JOINER = Actor.system("join uploads")
UNFINISHED = (UploadState.RECEIVING, UploadState.PUSHING, UploadState.VERIFYING)
READABLE = (UploadState.VERIFYING, UploadState.STORED)
# In the middle of taking one in, its partial uploads must not run out.
LEAST_LEFT = timedelta(days=1)
SOURCE_GONE = "One of the uploads that this file was to be joined from is gone. Send the file again."


def begin(actor: Actor, keys: Sequence[str], facts: FileFacts) -> Upload:
    """A final upload of the actor's partial ones with these keys, in this order; it is complete at once.

    Raises ``NotFound``, ``Ended``, ``Malformed`` for an upload that is not partial, ``Conflict`` for one that is not whole,
    and what creating and completing an upload may raise. Needs a transaction.
    """
    partials = _sources(actor, keys)
    size = sum(partials[key].size or 0 for key in keys)
    final = uploads.create(
        actor,
        subject=facts.subject,
        name=facts.name,
        path=facts.path,
        size=size,
        last_modified=facts.last_modified,
        door=Door.TUS,
        concat=Concat.FINAL,
    )
    TusSource.objects.bulk_create(
        TusSource(final=final, partial=partials[key], position=position) for position, key in enumerate(keys)
    )
    return uploads.complete(actor, upload=final)


def is_being_joined(partial: Upload) -> bool:
    """Whether an unfinished final upload still needs the bytes of this one."""
    return partial.used_in.filter(final__state__in=UNFINISHED).exists()


@transaction.atomic
def remove_unless_joined(actor: Actor, partial: Upload) -> bool:
    """Remove a partial upload that no unfinished final one needs, nor takes at this moment; False where one does."""
    held = Upload.objects.select_for_update(no_key=True).get(pk=partial.pk)
    if is_being_joined(held):
        return False
    uploads.remove(actor, upload=held)
    return True


def wake_finals(partial: Upload) -> None:
    """A partial upload lies in the store: whoever waits for it may go on."""
    for final_id in partial.used_in.filter(final__state=UploadState.PUSHING).values_list("final", flat=True).distinct():
        wakeups.after_commit("transfers.tasks.finish_upload", str(final_id))


def is_gathered(final: Upload) -> bool:
    """Whether every part of a final upload has been made."""
    return final.parts.filter(state=PartState.PUSHED).count() == final.part_count


def gather(upload: Upload) -> None:
    """Make the missing parts of a final upload in the store out of its sources; nothing to do where none is missing.

    Every part of a source is compared with its SHA-256 in the ledger, and no part of ours is entered before all it was
    made from was. May be called again after having died anywhere. Raises ``NotYet`` while sources are not in the store,
    ``Damaged``, ``StoreError``.
    """
    there = set(upload.parts.filter(state=PartState.PUSHED).values_list("number", flat=True))
    missing = [number for number in range(1, (upload.part_count or 0) + 1) if number not in there]
    if not missing:
        return
    source_parts = list(_source_parts(upload))
    while missing:
        run = [number for index, number in enumerate(missing) if number == missing[0] + index]
        _Joining(upload, source_parts, first=run[0], last=run[-1]).run()
        missing = missing[len(run) :]


def dissolve(final: Upload) -> None:
    """The final upload is in the store: remove its sources, except those that another one still needs."""
    for partial in Upload.objects.filter(used_in__final=final).distinct():
        remove_unless_joined(JOINER, partial)


def remove_forgotten() -> int:
    """Remove partial uploads that are whole and that nothing was made of in time; returns how many."""
    forgotten = Upload.objects.filter(
        concat=Concat.PARTIAL,
        state__in=(UploadState.PUSHING, *READABLE),
        expires_at__lte=timezone.now(),
    )
    if maintenance.is_on():
        return 0
    return sum(remove_unless_joined(JOINER, one) for one in paging.each(forgotten, name="forgotten"))


def _sources(actor: Actor, keys: Sequence[str]) -> dict[str, Upload]:
    mine = Upload.objects.filter(tus__key__in=set(keys), owner_id=actor.user_id).order_by("pk")
    found = {one.tus.key: one for one in mine.select_for_update(of=("self",), no_key=True).select_related("tus")}
    for key in keys:
        if key not in found:
            raise NotFound("One of these partial uploads is not there, or it is not yours.")
        _check_source(found[key])
    until = timezone.now() + LEAST_LEFT
    Upload.objects.filter(pk__in=[one.pk for one in found.values()], expires_at__lt=until).update(expires_at=until)
    return found


def _check_source(upload: Upload) -> None:
    if upload.state in ENDED:
        raise Ended("One of these partial uploads has ended and its bytes were deleted. Send it again.")
    if upload.concat != Concat.PARTIAL:
        raise Malformed("Only uploads created with “Upload-Concat: partial” can be joined.")
    if upload.size is None or completing.offset_of(upload) != upload.size:
        raise Conflict("One of these partial uploads is not whole yet. Send the rest of it first.", code="unfinished")


@dataclass(frozen=True, slots=True)
class _SourcePart:
    """A part of a source; it lies from ``begin`` to ``end`` in the final file and from ``start`` on in its own object."""

    begin: int
    end: int
    start: int
    sha256: str
    bucket: str
    key: str


def _source_parts(final: Upload) -> Iterator[_SourcePart]:
    begin = 0
    for source in final.sources.select_related("partial").order_by("position"):
        partial = source.partial
        if partial.state in ENDED:
            uploads.fail(JOINER, upload=final, reason=SOURCE_GONE)
            raise claims.NotYet
        if partial.state not in READABLE:
            raise claims.NotYet
        start = 0
        for size, sha256 in partial.parts.order_by("number").values_list("size", "sha256"):
            yield _SourcePart(begin, begin + size, start, sha256, partial.bucket, partial.storage_key)
            begin, start = begin + size, start + size


@dataclass(frozen=True, slots=True)
class _Put:
    """A part of ours that is in the store; ``end`` is where it ends in the file."""

    number: int
    end: int
    size: int
    sha256: str
    etag: str


class _Joining:
    """Parts ``first`` to ``last`` of a final upload. Only one part at a time lies on this node's disk."""

    def __init__(self, upload: Upload, source_parts: Sequence[_SourcePart], *, first: int, last: int) -> None:
        self._upload = upload
        self._sources = source_parts
        self._number = first
        self._at = (first - 1) * upload.part_size
        self._end = min(last * upload.part_size, upload.size or 0)
        self._file: staging.PartFile | None = None
        self._put: list[_Put] = []

    def run(self) -> None:
        release()
        try:
            for part in self._sources:
                if part.end > self._at and part.begin < self._end:
                    self._take(part)
                    self._enter(verified=part.end)
                    claims.keep(self._upload)
        except NoSuchObject as error:
            raise Damaged(str(error)) from error
        except NoSuchMultipart:
            pushing.forget_multipart(self._upload)
            raise claims.NotYet from None
        except StagingFull as error:
            raise StoreUnavailable("the staging folder has no room to join an upload in") from error
        finally:
            if self._file is not None:
                self._file.discard()

    def _take(self, part: _SourcePart) -> None:
        digest = hashlib.sha256()
        at = part.begin
        for block in store(part.bucket).read(part.key, start=part.start, length=part.end - part.begin):
            digest.update(block)
            self._write(memoryview(block)[max(0, self._at - at) : max(0, self._end - at)])
            at += len(block)
        if digest.hexdigest() != part.sha256:
            raise Damaged("a part of a partial upload has another SHA-256")

    def _write(self, block: memoryview) -> None:
        while block:
            self._file = self._file or staging.PartFile(self._upload.id, self._number)
            left = self._upload.length_of(self._number) - self._file.size
            self._file.write(block[:left])
            self._at += len(block[:left])
            if len(block) >= left:
                self._push(self._file)
            block = block[left:]

    def _push(self, file: staging.PartFile) -> None:
        multipart_id = pushing.multipart_of(self._upload)
        release()
        with staging.open_part(file.name) as body:
            etag = store(self._upload.bucket).put_part(
                self._upload.storage_key, multipart_id, self._number, body, size=file.size, sha256=file.sha256
            )
        self._put.append(_Put(self._number, self._at, file.size, file.sha256, etag))
        file.discard()
        self._file = None
        self._number += 1

    def _enter(self, *, verified: int) -> None:
        ready = [put for put in self._put if put.end <= verified]
        self._put = self._put[len(ready) :]
        for put in ready:
            _record(self._upload, put)


@transaction.atomic
def _record(upload: Upload, put: _Put) -> None:
    """Raises ``Conflict`` where another worker has taken over and entered the part."""
    Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
    now = timezone.now()
    lost = upload.parts.filter(number=put.number).first()
    if lost is None:
        facts = {"state": PartState.PUSHED, "staged_at": now, "pushed_at": now, "etag": put.etag}
        Part.objects.create(upload=upload, number=put.number, size=put.size, sha256=put.sha256, **facts)
        return
    states.advance(lost, "stage_again", actor=JOINER, sha256=put.sha256, node=settings.NODE_NAME, file="")
    states.advance(lost, "push", actor=JOINER, etag=put.etag, pushed_at=now, last_error="", attempts=0)
