"""Asking to join an organisation: the form, the mailed link, the choice of the organisation, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import tokens
from core.errors import Conflict, Gone, Invalid, NotFound, TooMany, Unavailable
from core.forms import show_refusal
from core.http import Request
from orgs import access, timelines
from orgs.forms.joining import ChoiceForm, JoinForm
from orgs.models import Invitation, JoinRequest, JoinRequestState
from orgs.services import invitations, join_requests
from orgs.views.status import find_link

View = Callable[[Request, str, JoinRequest], HttpResponse]


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: Request) -> HttpResponse:
    return _form_page(request, None, back_url=reverse("accounts:sign-in"))


@require_http_methods(["GET", "HEAD", "POST"])
def join_invited(request: Request, token: str) -> HttpResponse:
    """The same, by an invitation: its landing page says what has become of one that ended."""
    link = find_link(request, invitations.LINK, token)
    invitation = access.invitation_of_token(link)
    landing = reverse("orgs:invitation", kwargs={"token": token})
    if tokens.ended_because(link) or not invitation.is_open:
        return redirect(landing)
    return _form_page(request, invitation, back_url=landing)


def by_link(view: View) -> Callable[[Request, str], HttpResponse]:
    """Opens the request of a link that lives; for all others one page that says so."""

    @wraps(view)
    def opened(request: Request, token: str) -> HttpResponse:
        try:
            link = find_link(request, join_requests.LINK, token)
            found = access.join_request_of_token(link)
        except NotFound:
            return render(request, "orgs/joining/link_ended.html", status=404)
        if tokens.ended_because(link):
            return render(request, "orgs/joining/link_ended.html", status=410)
        return view(request, token, found)

    return opened


@require_safe
@by_link
def status(request: Request, token: str, found: JoinRequest) -> HttpResponse:
    """Looking uses nothing up, so link scanners do no harm."""
    return _page(request, token, found)


@require_POST
@by_link
def confirm(request: Request, token: str, found: JoinRequest) -> HttpResponse:
    try:
        join_requests.confirm(request.actor, found)
    except (Conflict, Gone) as refusal:
        messages.info(request, refusal.sentence)
    return redirect("orgs:join-status", token=token)


@require_POST
@by_link
def choose(request: Request, token: str, found: JoinRequest) -> HttpResponse:
    form = ChoiceForm(request.POST, suggestions=list(join_requests.suggestions(found)))
    if found.state != JoinRequestState.CONFIRMED or not form.is_valid():
        return _page(request, token, found, form)
    try:
        join_requests.ask(
            request.actor,
            found,
            suggested=form.cleaned_data.get("suggested", ""),
            organization_id=form.cleaned_data["organization_id"],
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(request, token, found, form)
    except (Conflict, Gone) as refusal:
        messages.info(request, refusal.sentence)
    else:
        messages.success(request, "Your request is on its way to the Organization Administrators.")
    return redirect("orgs:join-status", token=token)


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def withdraw(request: Request, token: str, found: JoinRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "orgs/joining/withdraw.html", {"token": token})
    try:
        join_requests.withdraw(request.actor, found)
    except Conflict as refusal:
        messages.info(request, refusal.sentence)
    else:
        messages.success(request, "The request is withdrawn.")
    return redirect("orgs:join-status", token=token)


def _form_page(request: Request, invitation: Invitation | None, *, back_url: str) -> HttpResponse:
    form = JoinForm(request.POST if request.method == "POST" else None, invitation=invitation)
    status, headers = 200, {}
    if form.is_valid():
        try:
            join_requests.start(
                request.actor, **form.cleaned_data, invitation=invitation, language=get_language() or ""
            )
        except (TooMany, Unavailable) as refusal:
            # What was typed stays on the page.
            form.add_error(None, refusal.sentence)
            status, headers = refusal.status, refusal.headers
        else:
            context = {"email": form.cleaned_data["email"], "again_url": request.path}
            return render(request, "orgs/joining/sent.html", context)
    elif form.is_bound:
        status = Invalid.status
    response = render(request, "orgs/joining/join.html", {"form": form, "back_url": back_url}, status=status)
    for name, value in headers.items():
        response[name] = value
    return response


def _page(request: Request, token: str, found: JoinRequest, form: ChoiceForm | None = None) -> HttpResponse:
    """Confirm, then choose, then how it stands. One whose time is over is shown as it is about to be written."""
    context = {"join_request": found, "token": token}
    if found.state == JoinRequestState.UNCONFIRMED and found.is_live:
        return render(request, "orgs/joining/confirm.html", context)
    if found.state == JoinRequestState.CONFIRMED and found.is_live:
        form = form or ChoiceForm(suggestions=list(join_requests.suggestions(found)))
        status_code = 422 if form.errors else 200
        return render(request, "orgs/joining/choose.html", {**context, "form": form}, status=status_code)
    if not found.is_live and found.decided_at is None:
        found.state = JoinRequestState.EXPIRED
    has_password = found.membership is not None and found.membership.user.has_usable_password()
    context |= {"entries": timelines.of_join_request(found), "has_password": has_password}
    return render(request, "orgs/joining/status.html", context)
