"""The addresses of the tus door: where uploads are created, and each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date

from core.errors import DomainError, NotFound, Unavailable
from core.http import Request
from transfers import access
from transfers.errors import Interrupted
from transfers.models import Concat, TusResource, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import uploads
from transfers.services.tus import completing, creating, patching, terminating
from transfers.services.tus.creating import Wanted
from transfers.services.tus.cutting import Source
from transfers.services.tus.errors import Ended, FinalTakesNoBytes, Malformed, NotAccepted, WrongType
from transfers.services.tus.facts import FileFacts
from transfers.services.tus.patching import Chunk
from transfers.views.bodies import Body, End, body_of
from transfers.views.tus import headers
from transfers.views.tus.door import speaks

JOINED = (UploadState.VERIFYING, UploadState.STORED, UploadState.QUARANTINED)
_KEY = re.compile(r"[A-Za-z0-9_-]{1,32}")


def create(request: Request) -> HttpResponseBase:
    """POST: 201 with the upload's address, and with the first bytes taken where the request brings some."""
    wanted = _wanted(request)
    if not headers.brings_bytes(request):
        return _created(creating.create(request.actor, wanted=wanted).resource)
    if wanted.sources:
        raise FinalTakesNoBytes
    body = _Bytes(body_of(request))
    chunk = Chunk(offset=0, checksum=headers.checksum(request))
    creating.check_body(wanted, body.length)
    created = creating.create(request.actor, wanted=wanted)
    if created.is_new:
        created.resource.upload = _first_bytes(request, created.resource.upload, chunk, body)
    response = _created(created.resource)
    response["Upload-Offset"] = str(completing.offset_of(created.resource.upload))
    return response


def look(request: Request, key: str) -> HttpResponseBase:
    """HEAD: how far the upload is. Whoever is appending stops first, so that the next PATCH may go on from there."""
    resource = _living(request, key)
    upload = resource.upload
    answer = HttpResponse(headers={"Cache-Control": "no-store"})
    offset = patching.offset_after_drain(upload)
    if completing.is_whole(upload, offset):
        upload = _completed(request, upload)
    if upload.concat != Concat.FINAL or upload.state in JOINED:
        answer["Upload-Offset"] = str(offset)
    if upload.size is None:
        answer["Upload-Defer-Length"] = "1"
    else:
        answer["Upload-Length"] = str(upload.size)
    for name, said in (("Upload-Metadata", resource.metadata), ("Upload-Concat", resource.concat)):
        if said:
            answer[name] = said
    return _expiring(answer, upload)


def append(request: Request, key: str) -> HttpResponseBase:
    """PATCH: 204 with the new offset."""
    resource = _living(request, key)
    if request.content_type != headers.BYTES:
        raise WrongType
    chunk = Chunk(offset=headers.offset(request), length=headers.length(request), checksum=headers.checksum(request))
    try:
        appended = patching.append(request.actor, upload=resource.upload, chunk=chunk, body=_Bytes(body_of(request)))
    except DomainError as refusal:
        _say_offset(refusal, resource.upload)
        raise
    answer = HttpResponse(status=204, headers={"Upload-Offset": str(appended.offset)})
    return _expiring(answer, appended.upload)


def terminate(request: Request, key: str) -> HttpResponseBase:
    """DELETE: 204, and 410 from then on."""
    terminating.terminate(request.actor, upload=_living(request, key).upload)
    return HttpResponse(status=204)


class _Bytes:
    """A request's body as a ``Source``: an end that came too early is told as such."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.length = body.length

    def read(self, size: int, /) -> bytes | memoryview:
        block = self._body.read(size)
        if not block and self._body.end is not End.WHOLE:
            raise Interrupted("The line broke before the body was whole. Ask for the offset and go on from there.")
        return block

    def stop(self) -> None:
        self._body.stop()


collection = speaks(post=create)
resource = speaks(head=look, patch=append, delete=terminate)


def _living(request: Request, key: str) -> TusResource:
    if not _KEY.fullmatch(key):
        raise NotFound
    found = access.tus_resource(request.actor, key)
    if found.upload.state in ENDED or completing.has_run_out(found.upload):
        raise Ended(found.upload.reason)
    return found


def _wanted(request: Request) -> Wanted:
    said = request.headers.get("Upload-Concat", "")
    sources = _sources(request, said)
    if sources and request.headers.get("Upload-Length") is not None:
        raise Malformed("A final upload is as long as its partial ones: leave Upload-Length out.")
    return Wanted(
        length=None if sources else headers.length_at_creation(request),
        facts=FileFacts.from_pairs(headers.metadata(request)),
        metadata=request.headers.get("Upload-Metadata", ""),
        concat=Concat.FINAL if sources else Concat.PARTIAL if said else Concat.NONE,
        concat_said=said,
        sources=sources,
        idempotency_key=request.headers.get("Idempotency-Key", ""),
    )


def _sources(request: Request, said: str) -> Sequence[str]:
    """The keys of the partial uploads that a final one names; none for any other upload."""
    if said in ("", "partial"):
        return ()
    kind, _, addresses = said.partition(";")
    if kind != "final" or not addresses.strip() or not said.isascii():
        raise Malformed("Upload-Concat is “partial”, or “final;” and the addresses of the partial uploads.")
    return [_key(request, address) for address in addresses.split()]


def _key(request: Request, address: str) -> str:
    """The key in an upload's address, which clients give back whole or as the path that they were told."""
    known = (urlsplit(origin).netloc for origin in (settings.BASE_URL, *settings.UPLOAD_ORIGINS))
    here = "|".join(re.escape(host) for host in {request.headers.get("Host", ""), *known})
    match = re.fullmatch(rf"(?:https?://(?:{here}))?{re.escape(reverse('tus'))}({_KEY.pattern})", address)
    if match is None:
        raise Malformed("Upload-Concat names an address that is no upload of this gateway.")
    return match[1]


def _first_bytes(request: Request, upload: Upload, chunk: Chunk, body: Source) -> Upload:
    """Of a refused body nothing stays, not even the resource: its address was never told."""
    try:
        return patching.append(request.actor, upload=upload, chunk=chunk, body=body).upload
    except Unavailable:
        upload.refresh_from_db()
        return upload
    except Interrupted:
        raise
    except DomainError:
        uploads.remove(request.actor, upload=upload)
        raise


def _created(created: TusResource) -> HttpResponse:
    answer = HttpResponse(status=201, headers={"Location": reverse("tus-upload", kwargs={"key": created.key})})
    return _expiring(answer, created.upload)


def _completed(request: Request, upload: Upload) -> Upload:
    try:
        return completing.complete(request.actor, upload=upload)
    except DomainError as refusal:
        raise NotAccepted(refusal.summary) from refusal


def _expiring(answer: HttpResponse, upload: Upload) -> HttpResponse:
    """What is whole runs out no more."""
    if upload.state == UploadState.RECEIVING:
        answer["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return answer


def _say_offset(refusal: DomainError, upload: Upload) -> None:
    """A refusal of something that will pass, or of a file that is whole, says how far the upload is."""
    if refusal.status in {403, 409, 423, 503} and upload.concat != Concat.FINAL:
        upload.refresh_from_db()
        refusal.headers.setdefault("Upload-Offset", str(completing.offset_of(upload)))
