"""Who gets as far as a view at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http.response import HttpResponseBase

from accounts.decorators import signed_in, stepping_up
from core.errors import NotAllowed
from core.http import Request
from sft.services import launches

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]


def member(view: View[P]) -> View[P]:
    """Signed in and acting for an organisation."""

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.actor.membership_id is None:
            raise NotAllowed("This page is for members of an organisation.")
        return view(request, *args, **kwargs)

    return signed_in(guarded)


def workspace(view: View[P]) -> View[P]:
    """A member to whom Secure File Transfer is open at this moment, in a session as strong as it asks for."""

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        launches.require_workspace(request.actor)
        return view(request, *args, **kwargs)

    return stepping_up(member(guarded))
