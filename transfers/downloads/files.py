"""A stored file as an answer, whole or from where it broke off, by one of three ways (``settings.DOWNLOADS``)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core import audit
from core.actor import Actor
from transfers.digests import content_digest
from transfers.downloads.headers import disposition, download_headers
from transfers.downloads.ranges import Span, Unsatisfiable, asked_of
from transfers.downloads.sending import RECEIPT_HEADER, streamed, without_body
from transfers.models import Upload
from transfers.services import receipts
from transfers.services.fetching import require_stored
from transfers.services.receipts import Stretch
from transfers.storage import store

# Below it, nginx fetches from the object store; nobody else gets in (``internal``).
STORE_LOCATION = "/.object-store"
# Either asks at once; nginx writes an address that failed into its log.
LIFETIME = timedelta(seconds=60)


def file_response(request: HttpRequest, upload: Upload, *, actor: Actor, filename: str) -> HttpResponseBase:
    """The file for GET and HEAD, with single ranges (``Range``, ``If-Range``); that ``actor`` may have it was decided before.

    Raises ``Conflict`` while the file is not stored yet, ``NotFound`` when it was removed and ``Unavailable`` when the store
    does not answer.
    """
    require_stored(upload)
    etag = f'"{upload.sha256}"'
    headers = {**download_headers(filename, etag=etag), "Repr-Digest": content_digest(upload.sha256)}
    try:
        span = asked_of(request, total=upload.size or 0, etag=etag)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{upload.size}"})
    if request.method == "HEAD":
        response: HttpResponseBase = without_body(span)
    elif settings.DOWNLOADS == "redirect":
        return _redirected(upload, actor=actor, filename=filename)
    elif settings.DOWNLOADS == "accel" and span.length:
        return _left_to_nginx(upload, span, actor=actor, headers=headers)
    else:
        response = _streamed(request, upload, span, actor=actor)
    for name, value in {**headers, **span.headers}.items():
        response[name] = value
    return response


def _stretch(upload: Upload, span: Span) -> Stretch:
    return Stretch(upload.pk, offset=0, start=span.start, length=span.length)


def _streamed(request: HttpRequest, upload: Upload, span: Span, *, actor: Actor) -> HttpResponseBase:
    blocks = store(upload.bucket).read(upload.storage_key, start=span.start, length=span.length)
    return streamed(request, blocks, span=span, actor=actor, stretches=[_stretch(upload, span)])


def _left_to_nginx(upload: Upload, span: Span, *, actor: Actor, headers: dict[str, str]) -> HttpResponse:
    """nginx fetches these bytes itself, keeps our headers, and tells in its log how many it has sent."""
    address = urlsplit(store(upload.bucket).presign_get(upload.storage_key, lifetime=LIFETIME, for_us=True).url)
    # nginx would keep this one for a refusal too, which would then be saved under the file's name.
    kept = {name: value for name, value in headers.items() if name != "Content-Disposition"}
    response = HttpResponse(content_type="application/octet-stream", headers=kept)
    response["X-Store-Disposition"] = headers["Content-Disposition"]
    response["X-Accel-Redirect"] = f"{STORE_LOCATION}{address.path}?{address.query}"
    response[RECEIPT_HEADER] = str(receipts.expect(actor, [_stretch(upload, span)]).pk)
    if span.is_partial:
        response["X-Store-Range"] = f"bytes={span.start}-{span.stop - 1}"
    return response


def _redirected(upload: Upload, *, actor: Actor, filename: str) -> HttpResponse:
    """The store gives the file itself, so that nobody here learns what became of it: issued is all that can be said."""
    address = store(upload.bucket).presign_get(upload.storage_key, lifetime=LIFETIME, disposition=disposition(filename))
    with transaction.atomic():
        audit.record(actor, "transfers.upload.issue", upload, data={"sha256": upload.sha256})
    return HttpResponse(status=302, headers={"Location": address.url, "Cache-Control": "no-store"})
