"""Many stored files as one ZIP archive, made on the way out: exact length, any range, receipts for each file."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core.actor import Actor
from transfers.connections import release
from transfers.downloads.ahead import blocks_of
from transfers.downloads.headers import download_headers
from transfers.downloads.ranges import Unsatisfiable, asked_of
from transfers.downloads.sending import streamed, without_body
from transfers.models import Upload
from transfers.services.fetching import require_stored
from transfers.services.receipts import Stretch
from transfers.storage import store
from transfers.zips import Layout, Member, zip_names
from transfers.zips.layout import SUMS

CONTENT_TYPE = "application/zip"
# Small files and what lies between them leave together.
_ENOUGH = 256 * 1024


def zip_response(request: HttpRequest, uploads: Iterable[Upload], *, actor: Actor, filename: str) -> HttpResponseBase:
    """One archive of these files, in this order, for GET and HEAD; that ``actor`` may have each was decided before.

    The same files make the same archive, byte for byte and under the same ``ETag``, so that a download that broke off goes
    on anywhere; only the files in the range asked for are opened. Raises ``Conflict``, ``NotFound`` and ``Unavailable`` as
    ``file_response`` does.
    """
    layout = Layout(_members(uploads), crc_of=_reckoned)
    headers = download_headers(filename, etag=layout.etag)
    try:
        span = asked_of(request, total=layout.total, etag=layout.etag)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{layout.total}"})
    if request.method == "HEAD":
        response: HttpResponseBase = without_body(span, content_type=CONTENT_TYPE)
    else:
        blocks = _gathered(blocks_of(layout.pieces(span.start, span.stop)))
        stretches = list(_stretches(layout, span.start, span.stop))
        response = streamed(request, blocks, span=span, actor=actor, stretches=stretches, content_type=CONTENT_TYPE)
    for name, value in {**headers, **span.headers}.items():
        response[name] = value
    return response


def _members(uploads: Iterable[Upload]) -> list[Member]:
    chosen = list(uploads)
    for upload in chosen:
        require_stored(upload)
    names = zip_names(((upload.path, upload.name) for upload in chosen), reserved=[SUMS])
    return [
        Member(
            name=name,
            size=upload.size or 0,
            sha256=upload.sha256,
            crc32=upload.crc32,
            modified=_modified(upload),
            upload_id=upload.pk,
            bucket=upload.bucket,
            storage_key=upload.storage_key,
        )
        for name, upload in zip(names, chosen, strict=True)
    ]


def _modified(upload: Upload) -> datetime:
    if upload.last_modified is not None and 0 <= upload.last_modified < 2**42:
        return datetime.fromtimestamp(upload.last_modified // 1000, UTC)
    return upload.stored_at or upload.created_at


def _stretches(layout: Layout, start: int, stop: int) -> Iterator[Stretch]:
    for at, piece in layout.stored(start, stop):
        if piece.member.upload_id is not None:
            yield Stretch(piece.member.upload_id, offset=at - start, start=piece.start, length=piece.length)


def _gathered(blocks: Generator[bytes]) -> Generator[bytes]:
    waiting: list[bytes] = []
    size = 0
    with closing(blocks):
        for block in blocks:
            if len(block) < _ENOUGH:
                waiting.append(block)
                size += len(block)
            if waiting and (size >= _ENOUGH or len(block) >= _ENOUGH):
                yield b"".join(waiting)
                waiting, size = [], 0
            if len(block) >= _ENOUGH:
                yield block
        if waiting:
            yield b"".join(waiting)


def _reckoned(member: Member) -> int:
    """The checksum of a file that was stored before they were kept: read once, and known from then on."""
    crc = 0
    for block in store(member.bucket).read(member.storage_key, start=0, length=member.size):
        crc = zlib.crc32(block, crc)
    Upload.objects.filter(storage_key=member.storage_key, crc32=None).update(crc32=crc)
    release()
    return crc
