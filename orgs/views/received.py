"""An invitation whose addressee has an account: looked at after signing in, accepted, or passed on."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from core.errors import NotFound
from core.http import Request
from orgs import access
from orgs.models import Invitation
from orgs.services.invitations import received

HELD = "invitations"
MOST_HELD = 20


def lead_to(request: Request, invitation: Invitation) -> HttpResponse:
    """Remember that this browser holds the link, and go to the page that wants a sign-in. The link stays out of the query."""
    others = [key for key in request.session.get(HELD, []) if key != str(invitation.pk)]
    request.session[HELD] = [*others, str(invitation.pk)][-MOST_HELD:]
    return redirect("orgs:received-invitation", pk=invitation.pk)


@signed_in
@require_safe
def received_invitation(request: Request, pk: UUID) -> HttpResponse:
    try:
        invitation = _received(request, pk)
    except NotFound:
        held = str(pk) in request.session.get(HELD, [])
        return render(request, "orgs/received_not_yours.html", {"held": held}, status=NotFound.status)
    context = {"invitation": invitation, "reception": received.reception(request.actor, invitation)}
    return render(request, "orgs/received_invitation.html", context)


@signed_in
@require_POST
def accept(request: Request, pk: UUID) -> HttpResponse:
    done = received.accept(request.actor, _received(request, pk))
    waiting = ", ".join(application.name for application in (*done.askable, *done.waiting))
    sentence = "The invitation is accepted."
    if waiting:
        sentence += (
            f" The operator has been asked to subscribe your organisation to {waiting}: you hear of it by e-mail."
        )
    messages.success(request, sentence)
    return redirect("orgs:received-invitation", pk=pk)


@signed_in
@require_POST
def pass_on(request: Request, pk: UUID) -> HttpResponse:
    administrators = received.pass_on(request.actor, _received(request, pk))
    names = ", ".join(administrator.user.full_name for administrator in administrators)
    messages.success(request, f"The invitation is on its way to {names}.")
    return redirect("orgs:received-invitation", pk=pk)


def _received(request: Request, pk: UUID) -> Invitation:
    return access.received_invitation(request.actor, pk, held=request.session.get(HELD, []))
