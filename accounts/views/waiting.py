"""The page of a door that stays shut for a while: how long, and what helps meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from core.errors import TooMany, Unavailable
from core.http import Request, wants_json

View = Callable[..., HttpResponse]


def explained(view: View) -> View:
    """Answer ``TooMany`` and ``Unavailable`` with a page of ways out; programs get the document they always get."""

    @wraps(view)
    def explaining(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (TooMany, Unavailable) as refusal:
            if wants_json(request):
                raise
            context = {"refusal": refusal, "again_url": request.path}
            response = render(request, "accounts/wait.html", context, status=refusal.status)
            for name, value in refusal.headers.items():
                response[name] = value
            return response

    return explaining
