"""Who gets as far as a view at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http.response import HttpResponseBase

from core.errors import NotAllowed, SignInRequired
from core.http import Request, wants_json
from sft.services import launches

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]


def signed_in(view: View[P]) -> View[P]:
    """Others are asked to sign in and come back; a program is told so with 401."""

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.actor.is_authenticated:
            return view(request, *args, **kwargs)
        if wants_json(request):
            raise SignInRequired
        return redirect_to_login(request.get_full_path())

    return guarded


def member(view: View[P]) -> View[P]:
    """Signed in and acting for an organisation."""

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.actor.membership_id is None:
            raise NotAllowed("This page is for members of an organisation.")
        return view(request, *args, **kwargs)

    return signed_in(guarded)


def workspace(view: View[P]) -> View[P]:
    """A member to whom Secure File Transfer is open at this moment."""

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        launches.require_workspace(request.actor)
        return view(request, *args, **kwargs)

    return member(guarded)
