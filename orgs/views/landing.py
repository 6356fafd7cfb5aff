"""Where Register Now leads: who invited whom, to what, until when; and the captcha, or the way back into a draft."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from core import tokens
from core.http import Request
from core.models import Token
from orgs import access, queries
from orgs.forms.captcha import CaptchaForm
from orgs.models import Invitation, InvitationState
from orgs.services import invitations
from orgs.services.registrations import drafts
from orgs.views import holding
from orgs.views.wizard.gate import enter, indicator


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request, token: str) -> HttpResponse:
    """Looking consumes nothing, so link scanners do no harm. Whoever comes back is led on without another captcha."""
    link = tokens.peek(invitations.LINK, token)
    invited = access.invitation_of_token(link)
    ended = _ended(link, invited)
    if ended:
        return render(request, "orgs/invitation_ended.html", _context(invited, token, ended=ended), status=410)
    begun = queries.registration_of_invitation(invited)
    answers = request.POST if "another_image" not in request.POST else None
    form = CaptchaForm(answers or None)
    if request.method == "POST" and answers is not None and (begun or form.is_valid()):
        registration = drafts.start(request.actor, invitation=invited)
        holding.hold(request, registration)
        return enter(registration)
    if request.method == "GET":
        invitations.mark_opened(request.actor, invited)
    context = _context(invited, token, form=form, begun=begun, steps=indicator(begun, current=""))
    return render(request, "orgs/invitation.html", context)


@require_POST
def ask_for_another(request: Request, token: str) -> HttpResponse:
    """Whoever holds a link that ended asks its sender for a new one."""
    invited = access.invitation_of_token(tokens.peek(invitations.LINK, token))
    invitations.ask_for_another(request.actor, invited)
    return render(request, "orgs/invitation_asked.html", _context(invited, token))


def _ended(link: Token, invited: Invitation) -> str:
    """Why the link no longer leads on: ``used``, ``revoked``, ``expired`` or ``replaced`` by a newer one; else empty."""
    if invited.state == InvitationState.ACCEPTED:
        return "used"
    if invited.state == InvitationState.REVOKED:
        return "revoked"
    if link.revoked_at:
        return "replaced"
    return "" if invited.is_open and not tokens.ended_because(link) else "expired"


def _context(invited: Invitation, token: str, **more: object) -> dict[str, object]:
    return {"invitation": invited, "token": token, **more}
