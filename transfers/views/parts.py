"""The door of the uploads pool: the bytes of one part, under a token, possibly from another origin."""

from __future__ import annotations

from functools import wraps
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from core.errors import SignInRequired
from core.http import Request
from transfers import access, digests
from transfers.errors import Interrupted
from transfers.services import parts
from transfers.views.doors import P, View, json_door

# A line that brings nothing for so long is taken for dead; the part is sent again over a new one.
STALLED_AFTER_SECONDS = 60
PREFLIGHT_LIFETIME_SECONDS = 7200
LONGEST_LENGTH = 20


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
def part(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    """PUT the bytes of part ``number``: 201 once they are on the disk and in the ledger, 200 when they had been."""
    if request.method == "OPTIONS":
        return _preflight()
    actor, upload = access.by_token(_bearer(request), pk)
    announced = parts.Announced(
        number=number,
        length=_length(request),
        sha256=digests.sha256_of(request.headers.get("Content-Digest", "")),
    )
    received = parts.receive(actor, upload=upload, announced=announced, read=_reader(request))
    document = {
        "number": received.number,
        "start": received.start,
        "size": received.size,
        "sha256": received.sha256,
        "state": received.state,
    }
    return JsonResponse(document, status=201 if received.is_new else 200)


def _preflight() -> HttpResponse:
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "PUT",
            "Access-Control-Allow-Headers": "Authorization, Content-Digest, Content-Type",
            "Access-Control-Max-Age": str(PREFLIGHT_LIFETIME_SECONDS),
        },
    )


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise SignInRequired("Send the upload's token as a Bearer.", headers={"WWW-Authenticate": "Bearer"})
    return secret.strip()


def _length(request: Request) -> int | None:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_LENGTH else None


def _reader(request: Request) -> parts.Read:
    """Reads the body where it comes from: nothing of it is collected on the way."""
    socket = request.META.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(STALLED_AFTER_SECONDS)

    def read(size: int) -> bytes:
        try:
            return request.read(size)
        except UnreadablePostError as error:
            raise Interrupted from error

    return read
