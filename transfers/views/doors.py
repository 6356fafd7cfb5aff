"""What all doors for programs share: JSON in, JSON out, refusals too."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import RequestDataTooBig
from django.http import JsonResponse
from django.http.response import HttpResponseBase

from core.errors import DomainError, Invalid, TooLarge
from core.http import Request
from core.views.errors import refusal_document
from transfers.errors import PartsMissing, RangeOverlaps

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]


class MethodNotAllowed(DomainError):
    status = 405
    code = "method_not_allowed"
    default_sentence = "This address does not take that method."


def json_door(*methods: str) -> Callable[[View[P]], View[P]]:
    """A view for programs: only these methods, and every deliberate refusal as a JSON document."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def door(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise MethodNotAllowed(headers={"Allow": ", ".join(methods)})
                return view(request, *args, **kwargs)
            except DomainError as error:
                return refused(request, error)

        return door

    return decorate


def refused(request: Request, error: DomainError) -> JsonResponse:
    """``error`` as a document; the gateway's middleware learns of it as of one that no door caught."""
    request.refusal = error
    if isinstance(error, PartsMissing):
        return refusal_document(request, error, missing=error.numbers)
    if isinstance(error, RangeOverlaps):
        return refusal_document(request, error, ranges=error.ranges)
    return refusal_document(request, error)


def document_of(request: Request) -> dict[str, Any]:
    """The JSON object in the request's body. Raises ``Invalid`` when there is none."""
    try:
        document = json.loads(request.body)
    except RequestDataTooBig as error:
        raise TooLarge("This document is larger than any this address takes.") from error
    except (ValueError, RecursionError) as error:
        raise Invalid("Send a JSON object.", code="not_json") from error
    if not isinstance(document, dict):
        raise Invalid("Send a JSON object.", code="not_json")
    return document
