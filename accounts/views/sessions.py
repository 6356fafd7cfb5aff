"""My Account, Sessions: where somebody is signed in and with which browsers, and how long this session lasts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import access, session_data
from accounts.decorators import confirmed, person_of, signed_in
from accounts.services import devices, sessions
from accounts.views import answers
from core.http import Request


@signed_in
@require_safe
def overview(request: Request) -> HttpResponse:
    """Every session and every known browser of the person who looks."""
    user = person_of(request)
    idle, absolute = session_data.limits_of(user)
    context = {
        "sessions": access.sessions_of(user),
        "this_one": request.session.session_key,
        "devices": access.devices_of(user),
        "idle_minutes": int(idle.total_seconds()) // 60,
        "absolute_hours": int(absolute.total_seconds()) // 3600,
    }
    return render(request, "accounts/sessions.html", context)


@confirmed
@require_POST
def end(request: Request, pk: UUID) -> HttpResponse:
    """End one session; one's own is signed out of."""
    session = access.session_of(person_of(request), pk)
    is_this_one = session.session_key == request.session.session_key
    sessions.end_one(request.actor, session=session)
    if is_this_one:
        return answers.signed_out(request)
    messages.success(request, _("%(device)s is signed out.") % {"device": session.device or _("The other session")})
    return redirect("accounts:sessions")


@confirmed
@require_POST
def end_others(request: Request) -> HttpResponse:
    """End every session but this one."""
    count = sessions.end_others(request.actor, user=person_of(request), keep=request.session.session_key)
    told = ngettext("%(count)d other session is ended.", "%(count)d other sessions are ended.", count)
    messages.success(request, told % {"count": count})
    return redirect("accounts:sessions")


@confirmed
@require_POST
def end_all(request: Request) -> HttpResponse:
    """End every session, this one too."""
    sessions.end_all(request.actor, user=person_of(request))
    return answers.signed_out(request)


@confirmed
@require_POST
def forget_device(request: Request, pk: UUID) -> HttpResponse:
    """Be told by mail again when somebody signs in with this browser."""
    device = access.device_of(person_of(request), pk)
    devices.forget(request.actor, device=device)
    messages.success(
        request, _("%(device)s is forgotten: the next sign-in with it is mailed to you.") % {"device": device}
    )
    return redirect("accounts:sessions")


@signed_in
@require_safe
def time_left(request: Request) -> HttpResponse:
    """How long this session lasts, for a page that asks by itself, and the token its forms are to send."""
    return _time_left(request)


@signed_in
@require_POST
def extend(request: Request) -> HttpResponse:
    """Stay signed in: every request that somebody makes does that."""
    return _time_left(request)


def _time_left(request: Request) -> HttpResponse:
    user = person_of(request)
    left = session_data.limits_left(request.session, user)
    return JsonResponse(
        {
            "left": int(left.shortest.total_seconds()),
            "can_extend": left.idle < left.absolute,
            "person": user.user_id,
            "token": get_token(request),
        }
    )
