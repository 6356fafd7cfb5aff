"""What the uploads pool answers when no view did: documents, readable from our pages."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from core.errors import NotFound
from core.http import Request
from core.views.errors import BadRequest, of_the_exception
from transfers.views.doors import refused
from transfers.views.parts import from_our_pages


@from_our_pages
def bad_request(request: Request, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 - Django's signature
    return refused(request, BadRequest())


@from_our_pages
def not_found(request: Request, exception: Exception) -> HttpResponseBase:  # noqa: ARG001
    return refused(request, NotFound())


@from_our_pages
def server_error(request: Request) -> HttpResponseBase:
    return refused(request, of_the_exception())
