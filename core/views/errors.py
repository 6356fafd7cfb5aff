"""Error pages and error documents: a title, what to do next, and the request id to quote."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from core.errors import DomainError, Invalid, NotAllowed, NotFound, TooLarge, Unavailable
from core.http import wants_json

TOO_MUCH_TEXT = (
    "This is more text than a page can send at once. Go back: what you typed is still there. "
    "Send a long list as a file instead."
)


class ServerError(DomainError):
    status = 500
    code = "server_error"
    title = "Something broke on our side"
    default_sentence = (
        "Nothing you entered before this page was lost. Try again in a minute; "
        "if it stays, tell support the number below."
    )


class BadRequest(DomainError):
    code = "bad_request"
    title = "We could not read that request"
    default_sentence = "Go back, reload the page and try again."


class StaleForm(NotAllowed):
    code = "stale_form"
    title = "This page had been open too long"
    default_sentence = (
        "For your safety the form was not accepted. Go back, reload the page and send it again; "
        "cookies must be allowed."
    )


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """``error`` as a document for programs, as a page for people."""
    if wants_json(request):
        return refusal_document(request, error)
    context = {"error": error, "request_id": getattr(request, "request_id", "")}
    response = render(request, "core/error.html", context, status=error.status)
    for name, value in error.headers.items():
        response[name] = value
    return response


def refusal_document(request: HttpRequest, error: DomainError, **more: Any) -> JsonResponse:
    """``error`` as JSON ``{code, message, request_id[, fields]}``, and ``more`` that a door adds."""
    document: dict[str, Any] = {
        "code": error.error_code,
        "message": error.sentence,
        "request_id": getattr(request, "request_id", ""),
        **more,
    }
    if isinstance(error, Invalid) and error.fields:
        document["fields"] = error.fields
    return JsonResponse(document, status=error.status, headers=error.headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return refusal(request, TooLarge(TOO_MUCH_TEXT))
    return refusal(request, BadRequest())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return refusal(request, NotAllowed())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return refusal(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    error = of_the_exception()
    if isinstance(error, Unavailable) and hasattr(request, "session"):
        # Nothing on the way out may wait for the same database again; SessionMiddleware passes a request without one by.
        del request.session
    return refusal(request, error)


def of_the_exception() -> DomainError:
    """What the exception that nobody caught is to people: a database that does not answer is no fault of the gateway."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return Unavailable()
    return ServerError()


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    error = StaleForm()
    request.refusal = error  # type: ignore[attr-defined] # what Request adds
    return refusal(request, error)
