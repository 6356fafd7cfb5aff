"""The door of the uploads pool: the bytes of one part or a range of it, under a token, possibly from another origin."""

from __future__ import annotations

import re
from functools import wraps
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from accounts.models import Scope
from accounts.services import access_tokens
from core.actor import Actor
from core.errors import Invalid, SignInRequired
from core.http import Request, client_address
from transfers import access, digests
from transfers.models import Upload
from transfers.services import parts
from transfers.services.receiving import Entry
from transfers.views.bodies import body_of
from transfers.views.callers import bearer_of
from transfers.views.doors import P, View, json_door

PREFLIGHT_LIFETIME_SECONDS = 7200

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)


def from_our_pages(view: View[P]) -> View[P]:
    """CORS for the one origin whose pages send here. Cookies are never allowed: the token says it all."""

    @wraps(view)
    def door(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Origin"])
        pages = urlsplit(settings.BASE_URL)
        origin = f"{pages.scheme}://{pages.netloc}"
        if request.headers.get("Origin") == origin:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "Retry-After, X-Request-ID"
        return response

    return door


@from_our_pages
@json_door("PUT", "OPTIONS")
def part(request: Request, pk: UUID, number: int | None = None) -> HttpResponseBase:
    """PUT the bytes of part ``number``, or with ``Content-Range`` some of them: 201 once they are on the disk and in the
    ledger, 200 when they had been.

    Without ``number``, ``Content-Range`` says which bytes of the whole file they are; they are of one part. A browser asks
    before it sends to an address that is new to it, and this is one for all parts.
    """
    if request.method == "OPTIONS":
        return _preflight()
    actor, upload = _sender(request, pk)
    body = body_of(request)
    length = body.length if request.META.get("CONTENT_LENGTH") else None
    announced = _announced_in_file(request, upload, length) if number is None else _announced(request, number, length)
    entry = parts.receive(actor, upload=upload, announced=announced, read=body.read)
    return JsonResponse(_described(entry), status=201 if entry.is_new else 200)


def _preflight() -> HttpResponse:
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "PUT",
            "Access-Control-Allow-Headers": "Authorization, Content-Digest, Content-Range, Content-Type",
            "Access-Control-Max-Age": str(PREFLIGHT_LIFETIME_SECONDS),
        },
    )


def _sender(request: Request, upload_id: UUID) -> tuple[Actor, Upload]:
    """Whoever holds the upload's own token, or its owner's access token for sending."""
    secret = bearer_of(request)
    if not secret:
        raise SignInRequired("Send the upload's token as a Bearer.", headers={"WWW-Authenticate": "Bearer"})
    if not access_tokens.is_access_token(secret):
        return access.by_token(secret, upload_id)
    actor = access_tokens.authenticate(
        secret, scope=Scope.FILES_SEND, ip=client_address(request), request_id=request.request_id
    )
    return actor, access.for_owner(actor, upload_id)


def _announced(request: Request, number: int, length: int | None) -> parts.Announced:
    sha256 = digests.sha256_of(request.headers.get("Content-Digest", ""))
    start, part_length = _range(request, length) or (0, None)
    return parts.Announced(number=number, length=length, sha256=sha256, start=start, part_length=part_length)


def _announced_in_file(request: Request, upload: Upload, length: int | None) -> parts.Announced:
    sha256 = digests.sha256_of(request.headers.get("Content-Digest", ""))
    found = _range(request, length)
    if found is None:
        raise Invalid(
            "Say which bytes of the file these are: Content-Range: bytes FIRST-LAST/LENGTH.", code="range_required"
        )
    start, file_length = found
    return parts.announced_in_file(upload, start=start, length=length, file_length=file_length, sha256=sha256)


def _range(request: Request, length: int | None) -> tuple[int, int] | None:
    """The first byte of ``Content-Range`` and the length of what it counts within; ``None`` without the header."""
    header = request.headers.get("Content-Range", "")
    if not header:
        return None
    match = _CONTENT_RANGE.fullmatch(header)
    if match is None:
        raise Invalid("Write Content-Range as bytes FIRST-LAST/LENGTH.", code="range_malformed")
    first, last, complete = (int(group) for group in match.groups())
    if length is not None and last - first + 1 != length:
        raise Invalid(
            f"Content-Range names {last - first + 1} bytes, the body has {length}. Let both say the same.",
            code="wrong_length",
        )
    return first, complete


def _described(entry: Entry) -> dict[str, int | str]:
    return {
        "number": entry.number,
        "start": entry.start,
        "size": entry.size,
        "sha256": entry.sha256,
        "state": entry.state,
    }
