"""The way through a sign-in: which page comes next, and the session at the end of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import devices, session_data
from accounts.services import sign_in as service
from accounts.services import under_way
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.session_store import UNDER_WAY
from accounts.views import answers
from core.errors import Gone
from core.http import Request, client_address

NEXT = "sign_in_next"
PAGES = {
    Stage.OWN_PASSWORD: "accounts:choose-password",
    Stage.PASSWORD: "accounts:password-too",
    Stage.SECOND_FACTOR: "accounts:second-factor",
    Stage.SET_UP_FACTOR: "accounts:set-up-factor",
    Stage.RECOVERY_CODES: "accounts:recovery-codes",
    Stage.TERMS: "accounts:terms",
    Stage.COMPLETE: "accounts:come-in",
}
STEP_ENDED = gettext_lazy(
    "This step has ended: its time was over, or your One-Time Password was replaced meanwhile. "
    "Begin again with the newest one."
)
StageView = Callable[..., HttpResponse]


def load(request: Request) -> SignInUnderWay | None:
    """The sign-in that this browser has under way; one that another release wrote down differently is forgotten."""
    try:
        return SignInUnderWay.from_row(request.session[UNDER_WAY])
    except (KeyError, TypeError, ValueError):
        return None


def keep(request: Request, sign_in: SignInUnderWay) -> None:
    """Remember how far this browser has got."""
    request.session[UNDER_WAY] = sign_in.as_row()


def forget(request: Request) -> None:
    """Drop what this browser has under way: its person begins anew."""
    request.session.pop(UNDER_WAY, None)


def start(request: Request, sign_in: SignInUnderWay, *, destination: str = "") -> HttpResponse:
    """Begin the way, or go on with one more proof: under a new session key to what comes next."""
    request.session.cycle_key()
    if destination:
        request.session[NEXT] = destination
    return go_on(request, sign_in)


def go_on(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """Go to the page of what is still missing; once nothing is, open the session and go where the person wanted to."""
    keep(request, sign_in)
    stage = under_way.stage_of(sign_in)
    if stage is Stage.COMPLETE and request.method == "POST":
        return come_in(request, sign_in)
    return redirect(PAGES[stage])


def at(*stages: Stage) -> Callable[[StageView], StageView]:
    """Open a page only while the sign-in under way is at one of ``stages``; the view gets it as its second argument.

    Whoever is in already goes Home, whoever has nothing under way to where this begins, anybody else to where they are.
    """

    def guarding(view: StageView) -> StageView:
        @wraps(view)
        def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                return answers.home()
            sign_in = load(request)
            if sign_in is None:
                return _begin_anew(request, with_one_time_password=Stage.OWN_PASSWORD in stages)
            try:
                stage = under_way.stage_of(sign_in)
                return view(request, sign_in, *args, **kwargs) if stage in stages else redirect(PAGES[stage])
            except Gone as ended:
                return start_again(request, sign_in, ended.sentence)

        return guarded

    return guarding


def start_again(request: Request, sign_in: SignInUnderWay, why: str) -> HttpResponse:
    """Forget what was under way, say why, and go back to where it began."""
    forget(request)
    messages.warning(request, why)
    return redirect(_beginning(with_one_time_password=sign_in.one_time_password is not None))


def come_in(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """Open the session of somebody for whom nothing is missing."""
    is_first_time = under_way.person_of(sign_in).first_login_at is None
    user = service.complete(request.actor, sign_in=sign_in, device=devices.label_of(request))
    destination = request.session.pop(NEXT, "")
    del request.session[UNDER_WAY]
    login(request, user)
    device = devices.label_of(request)
    session_data.open_for(request.session, proofs=sign_in.proofs, ip=client_address(request), device=device)
    if is_first_time:
        welcome = _("Welcome, %(name)s. Your account is active: from now on sign in with your User ID %(user_id)s.")
        messages.success(request, welcome % {"name": user.first_name, "user_id": user.user_id})
    response = redirect(answers.on_this_host(request, destination))
    devices.remember(request, response, user=user, is_first_time=is_first_time)
    return response


def _begin_anew(request: Request, *, with_one_time_password: bool) -> HttpResponse:
    """Whatever was under way is gone with its session; somebody who was filling in a form is told."""
    if request.method == "POST":
        messages.warning(request, STEP_ENDED if with_one_time_password else under_way.ENDED)
    return redirect(_beginning(with_one_time_password=with_one_time_password))


def _beginning(*, with_one_time_password: bool) -> str:
    return "accounts:first-time-login" if with_one_time_password else "accounts:sign-in"
