"""What the uploads pool answers when no view did: documents, readable from our pages and, at the tus door, from any."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.urls import reverse

from core.errors import DomainError, NotFound
from core.http import Request
from core.views.errors import BadRequest, of_the_exception
from transfers.views.doors import refused
from transfers.views.parts import from_our_pages
from transfers.views.tus import door


def bad_request(request: Request, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 - Django's signature
    return _answer(request, BadRequest())


def not_found(request: Request, exception: Exception) -> HttpResponseBase:  # noqa: ARG001
    return _answer(request, NotFound())


def server_error(request: Request) -> HttpResponseBase:
    return _answer(request, of_the_exception())


def _answer(request: Request, error: DomainError) -> HttpResponseBase:
    if request.path.startswith(reverse("tus")):
        return door.dressed(refused(request, error))
    return _to_our_pages(request, error)


@from_our_pages
def _to_our_pages(request: Request, error: DomainError) -> HttpResponseBase:
    return refused(request, error)
