"""Who may see a page: people who are signed in, and for some pages those who have just proved that they still are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import queries, session_data
from accounts.models import User
from accounts.services import confirmation
from core.errors import ConfirmationRequired, SignInRequired, StrongerSignInRequired
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


def confirmed(view: View[P]) -> View[P]:
    """Signed in, and within the last ``CONFIRMED_FOR`` everything was proved that a sign-in takes; else “Confirm it is you”
    comes before this page.

    A program gets ``ConfirmationRequired`` instead.
    """

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not confirmation.still_needed(person_of(request), session_data.fresh_proofs(request.session)):
            return view(request, *args, **kwargs)
        if wants_json(request):
            raise ConfirmationRequired
        return redirect(confirm_url(_way_back(request)))

    return signed_in(guarded)


def stepping_up(view: View[P]) -> View[P]:
    """Signed in; and where the view says ``StrongerSignInRequired``, first to “Confirm it is you” and from there back to it.

    Who has no second factor of the right kind is led to where one is set up. A program gets the refusal itself.
    """

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except StrongerSignInRequired as wanted:
            if wants_json(request):
                raise
            if queries.factor_kinds(person_of(request)) & wanted.kinds:
                return redirect(confirm_url(_way_back(request), kinds=wanted.kinds))
            messages.warning(request, wanted.sentence)
            return redirect("accounts:security")

    return signed_in(guarded)


def confirm_url(destination: str, *, kinds: Collection[str] = ()) -> str:
    """“Confirm it is you” on the way to ``destination``; ``kinds`` of second factor where an application asks for some."""
    query = {"next": destination, **({"kinds": ",".join(sorted(kinds))} if kinds else {})}
    return f"{reverse('accounts:confirm')}?{urlencode(query)}"


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
