"""Who may see a page: people who are signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from core.errors import SignInRequired
from core.http import Request, wants_json

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]


def signed_in(view: View[P]) -> View[P]:
    """Send people who are not signed in to the sign-in page, and from there back to this one.

    A program gets ``SignInRequired`` instead. After a ``POST`` that came too late the way back is the page it was sent from.
    """

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if wants_json(request):
            raise SignInRequired
        return redirect_to_login(_way_back(request))

    return guarded


def person_of(request: Request) -> User:
    """Who is signed in. Raises ``SignInRequired`` when nobody is."""
    if not isinstance(request.user, User):
        raise SignInRequired
    return request.user


def _way_back(request: HttpRequest) -> str:
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    sent_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(sent_from, {request.get_host()}, require_https=request.is_secure()):
        return request.get_full_path()
    parts = urlsplit(sent_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
