"""How tus 1.0.0 is spoken: version, method, cross-origin headers and refusals of every answer under ``/transfers/tus/``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.models import Scope
from core.errors import DomainError, Invalid, SignInRequired
from core.http import Request
from transfers.services.tus import checksums
from transfers.services.tus.errors import ChecksumDiffers, UnsupportedVersion
from transfers.views.callers import bearer_of, caller
from transfers.views.doors import MethodNotAllowed, refused

logger = logging.getLogger(__name__)

VERSION = "1.0.0"
EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "checksum",
    "termination",
    "concatenation",
)
METHODS = "POST, GET, HEAD, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = (
    "Authorization, Origin, X-Requested-With, X-Request-ID, X-HTTP-Method-Override, Content-Type, Upload-Length, "
    "Upload-Offset, Tus-Resumable, Upload-Metadata, Upload-Defer-Length, Upload-Concat, Upload-Checksum, Idempotency-Key"
)
EXPOSED_HEADERS = (
    "Upload-Offset, Location, Upload-Length, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, "
    "Tus-Checksum-Algorithm, Upload-Metadata, Upload-Defer-Length, Upload-Concat, Upload-Expires, Retry-After, X-Request-ID"
)
PREFLIGHT_LIFETIME_SECONDS = 7200

View = Callable[..., HttpResponseBase]


def speaks(**verbs: View) -> View:
    """One address: a view for each method, all of them only for who brings an access token that may send files."""

    def door(request: Request, **named: Any) -> HttpResponseBase:
        method = _method(request)
        try:
            response = options() if method == "OPTIONS" else _answer(request, method, verbs, named)
        except DomainError as error:
            logger.info(
                "%s %s refused: %s",
                method,
                request.resolver_match and request.resolver_match.view_name,
                error.error_code,
            )
            request.refusal = error
            response = _refused(request, error)
        if method == "HEAD" and isinstance(response, HttpResponse):
            response.content = b""
        return dressed(response)

    return door


def dressed(response: HttpResponseBase) -> HttpResponseBase:
    """With what every answer says, refusals and faults included. No cookie is ever looked at, so any origin may ask."""
    response["Tus-Resumable"] = VERSION
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    return response


def options() -> HttpResponse:
    """What is spoken here, for tus clients and for browsers that ask before they send; 200, as some take nothing else."""
    return HttpResponse(
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(checksums.ALGORITHMS),
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_LIFETIME_SECONDS),
        }
    )


def _method(request: Request) -> str:
    """What is asked for. Clients that cannot send a method say it in a header; browsers ask ahead with a true OPTIONS."""
    return request.headers.get("X-HTTP-Method-Override", "").upper() or str(request.method)


def _answer(request: Request, method: str, verbs: dict[str, View], named: dict[str, Any]) -> HttpResponseBase:
    view = verbs.get(method.lower())
    if view is None:
        raise MethodNotAllowed(headers={"Allow": ", ".join([*(verb.upper() for verb in verbs), "OPTIONS"])})
    if request.headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion(headers={"Tus-Version": VERSION})
    if not bearer_of(request):
        raise SignInRequired("Send an access token as a Bearer.", headers={"WWW-Authenticate": "Bearer"})
    request.actor = caller(request, Scope.FILES_SEND)
    return view(request, **named)


def _refused(request: Request, error: DomainError) -> HttpResponse:
    response = refused(request, error)
    if isinstance(error, Invalid):
        # What is wrong with a header is 400 in this protocol, also where our own doors say 422.
        response.status_code = 400
    elif isinstance(error, ChecksumDiffers):
        response.reason_phrase = "Checksum Mismatch"
    return response
