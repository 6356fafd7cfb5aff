"""The bytes of an answer on their way out, counted, and the receipt at their end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
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

    def tell(sent: Sent) -> None:
        receipts.record(actor, stretches, sent)

    counted = _counted(body, span.length, Connection(request), tell)
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


def _counted(
    blocks: Iterator[bytes], length: int, connection: Connection, tell: Callable[[Sent], None]
) -> Generator[bytes]:
    """Tell, whole or broken, what has arrived. A block whose writing failed is no more than handed over."""
    began = timezone.now()
    written = handed = 0
    try:
        for block in blocks:
            handed += len(block)
            yield block
            written = handed
    finally:
        missing = connection.settle() if written == length else connection.unknown()
        _tell(Sent(max(0, written - missing), handed, began), tell)


def _tell(sent: Sent, tell: Callable[[Sent], None]) -> None:
    try:
        tell(sent)
    except Exception:
        # The file is with its reader; an answer that ends in an error would take it from them again.
        logger.exception("The receipt of a download was lost.")
    finally:
        release()
