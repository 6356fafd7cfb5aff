"""Who asks at a door of the pages pool: somebody with a session, or a program with an access token."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.models import Scope
from accounts.services import access_tokens
from core.actor import Actor
from core.errors import SignInRequired
from core.http import Request, client_address
from transfers import access
from transfers.views.doors import P, View


def bearer_of(request: Request) -> str:
    """What stands in ``Authorization: Bearer …``; empty where nothing does."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def caller(request: Request, scope: Scope) -> Actor:
    """The actor of the request. Raises ``SignInRequired``, and ``NotAllowed`` where the token has other rights.

    Where there is a token it decides alone: ``core.middleware.ProgramMiddleware`` has taken the cookies off by then.
    """
    if secret := bearer_of(request):
        ip = client_address(request)
        return access_tokens.authenticate(secret, scope=scope, ip=ip, request_id=request.request_id)
    if not request.actor.is_authenticated:
        raise SignInRequired(headers={"WWW-Authenticate": "Bearer"})
    return request.actor


def session_or_token(scope: Scope) -> Callable[[View[P]], View[P]]:
    """Only for who has signed in, with Django's CSRF header where it is no mere look, or who brings an access token."""

    def decorate(view: View[P]) -> View[P]:
        by_session = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def door(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            request.actor = caller(request, scope)
            return (view if bearer_of(request) else by_session)(request, *args, **kwargs)

        return door

    return decorate


def for_parts_of_one(view: View[[UUID]]) -> View[[UUID]]:
    """As above for ``files:send``; the upload's own token opens this door, too, as it does the door of its parts."""
    by_others = session_or_token(Scope.FILES_SEND)(view)

    @csrf_exempt
    @wraps(view)
    def door(request: Request, /, pk: UUID) -> HttpResponseBase:
        secret = bearer_of(request)
        if not secret or access_tokens.is_access_token(secret):
            return by_others(request, pk)
        request.actor, _ = access.by_token(secret, pk)
        return view(request, pk)

    return door
