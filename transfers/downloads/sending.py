"""The bytes of an answer on their way out, counted, and the receipt at their end."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from core.actor import Actor
from core.errors import Unavailable
from transfers.connections import release
from transfers.downloads.connection import Connection
from transfers.downloads.ranges import Span
from transfers.services import receipts
from transfers.services.receipts import Sent, Stretch
from transfers.storage import StoreError

logger = logging.getLogger(__name__)

RECEIPT_HEADER = "X-Receipt"
# An archive takes hours on a slow line: a portal process that dies meanwhile takes no older receipts with it.
NOTED_EVERY_SECONDS = 60.0


def streamed(
    request: HttpRequest,
    blocks: Generator[bytes],
    *,
    span: Span,
    actor: Actor,
    stretches: Sequence[Stretch],
    content_type: str = "application/octet-stream",
) -> HttpResponseBase:
    """``blocks`` as the answer to ``span``, the first of them fetched already: a silent store is told before it has begun.

    What of ``stretches`` has arrived is noted at the end; where nginx writes receipts (``settings.RECEIPTS_DIR``), by its
    word, else by what the connection acknowledged. Raises ``Unavailable``.
    """
    status = 206 if span.is_partial else 200
    body = _begun(blocks)
    if settings.RECEIPTS_DIR:
        headers = {RECEIPT_HEADER: str(receipts.expect(actor, stretches).pk)}
        release()
        return StreamingHttpResponse(body, status=status, content_type=content_type, headers=headers)

    counted = _counted(body, span.length, Connection(request), _Receipts(actor, stretches))
    return StreamingHttpResponse(counted, status=status, content_type=content_type)


def without_body(span: Span, *, content_type: str = "application/octet-stream") -> HttpResponse:
    """The answer to HEAD."""
    return HttpResponse(status=206 if span.is_partial else 200, content_type=content_type)


def _begun(blocks: Generator[bytes]) -> Generator[bytes]:
    release()
    try:
        first = next(blocks, b"")
    except StoreError as error:
        logger.error("A download cannot be read from the store: %s", error)  # noqa: TRY400 - expected of a store
        raise Unavailable("The file's storage is not answering. Try again in a minute.") from error
    return _joined(first, blocks)


def _joined(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    with closing(rest):
        if first:
            yield first
        yield from rest


class _Receipts:
    """Receipts of one answer: while it lasts for the files that are over, at its end for all the rest."""

    def __init__(self, actor: Actor, stretches: Sequence[Stretch]) -> None:
        self._actor = actor
        self._open = list(stretches)
        self._noted_at = time.monotonic()

    @property
    def are_due(self) -> bool:
        return len(self._open) > 1 and time.monotonic() - self._noted_at > NOTED_EVERY_SECONDS

    def note(self, sent: Sent, *, is_over: bool) -> None:
        ready = sum(is_over or each.offset + each.length <= sent.certain for each in self._open)
        try:
            for at in range(0, ready, receipts.AT_ONCE):
                count = min(receipts.AT_ONCE, ready - at)
                receipts.record(self._actor, self._open[:count], sent)
                # What is written is out: whatever fails from here on is tried again without it.
                del self._open[:count]
        except Exception:
            # The files are with their reader; an answer that ends in an error would take them away again.
            logger.exception("Receipts of a download were %s.", "lost" if is_over else "not written yet")
        finally:
            self._noted_at = time.monotonic()
            release()


def _counted(blocks: Iterator[bytes], length: int, connection: Connection, noted: _Receipts) -> Generator[bytes]:
    """Note, whole or broken, what has arrived. A block whose writing failed is no more than handed over."""
    began = timezone.now()
    written = handed = 0
    try:
        for block in blocks:
            handed += len(block)
            yield block
            written = handed
            if noted.are_due and written < length:
                noted.note(Sent(max(0, written - connection.unknown()), handed, began), is_over=False)
    finally:
        missing = connection.settle() if written == length else connection.unknown()
        noted.note(Sent(max(0, written - missing), handed, began), is_over=True)
