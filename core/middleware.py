"""What every request passes: its id, headers, the actor behind it, and the translation of refusals into answers."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from core import logs
from core.audit import refusals
from core.errors import DomainError, NotAllowed
from core.http import actor_of, asked_for
from core.ports import actor_resolver
from core.views.errors import BadRequest, StaleForm, refusal

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip


class RequestIdMiddleware:
    """Gives each request an id that logs, error pages and audit events share; a proxy's ``X-Request-ID`` is kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined] # what Request adds
        reset = logs.request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(reset)
        response["X-Request-ID"] = request_id
        return response


class SecurityHeadersMiddleware:
    """Headers that Django has no setting for. A page that says nothing about caching is not to be stored."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class NulMiddleware:
    """Refuses a NUL in the query or in a cookie, which PostgreSQL cannot take; in forms each field refuses it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") or any("\0" in value for value in request.COOKIES.values()):
            return refusal(request, BadRequest())
        return self.get_response(request)


class ProgramMiddleware:
    """A program that brings a token of its own is nobody's browser: its cookies open nothing, and no session is touched."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.headers.get("Authorization", "").partition(" ")[0].lower() == "bearer":
            request.META.pop("HTTP_COOKIE", None)
            request.COOKIES = {}
        return self.get_response(request)


class ActorMiddleware:
    """Sets ``request.actor``, worked out at first use by the room that knows memberships."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: actor_resolver().resolve(request))  # type: ignore[attr-defined] # what Request adds
        return self.get_response(request)


class DomainErrorMiddleware:
    """Answers a deliberate refusal with its status, its sentence and the request id; one for want of a right is recorded."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == NotAllowed.status:
            _record(request, getattr(request, "refusal", None))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        request.refusal = exception  # type: ignore[attr-defined] # what Request adds
        if not isinstance(exception, DomainError):
            return None
        logger.info("%s %s refused: %s", request.method, request.path, exception.error_code)
        return refusal(request, exception)


def _record(request: HttpRequest, error: Exception | None) -> None:
    """Tell the audit trail, unless it knows, of a right that was missing: not of a form that had been open too long."""
    if isinstance(error, NotAllowed):
        if not (error.recorded or isinstance(error, StaleForm)):
            refusals.note(actor_of(request), asked=asked_for(request), reason=error.sentence)
    elif error is None or isinstance(error, PermissionDenied):
        refusals.note(actor_of(request), asked=asked_for(request))
