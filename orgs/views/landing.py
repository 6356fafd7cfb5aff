"""Where Register Now leads: who invited whom, to what, until when; and the way in that the gateway finds right."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import tokens
from core.errors import NotFound
from core.http import Request
from core.models import Token
from orgs import access, links, queries
from orgs.forms.captcha import CaptchaForm
from orgs.models import Invitation, InvitationState, Registration
from orgs.services import invitations
from orgs.services.invitations import recognition
from orgs.services.invitations.recognition import Way
from orgs.services.registrations import drafts
from orgs.views import captcha, holding, received
from orgs.views.status import find_link
from orgs.views.wizard.gate import enter, indicator

OTHER_WAY, SIGN_IN = "way", "sign_in"
ACCEPT, CONTINUE = "accept", "continue"
WITHOUT_REGISTERING = (ACCEPT, Way.SIGN_IN, Way.JOIN)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request, token: str) -> HttpResponse:
    """Looking consumes nothing, so link scanners do no harm. Whoever comes back is led on without another captcha."""
    if links.secret_in(token) != token:
        return mended(request, token)
    try:
        link = find_link(request, invitations.LINK, token)
    except NotFound:
        return _unknown(request)
    invited = access.invitation_of_token(link)
    ended = _ended(link, invited)
    if not ended and request.method != "HEAD":
        invitations.mark_opened(request.actor, invited)
        # A mail that came back and was replaced by a newer invitation.
        ended = "replaced" if invited.state == InvitationState.BOUNCED else ""
    if ended:
        return render(request, "orgs/invitation_ended.html", _context(invited, token, ended=ended), status=410)
    if SIGN_IN in request.POST:
        return received.lead_to(request, invited)
    return _open(request, invited, token)


@require_safe
def mended(request: Request, token: str) -> HttpResponse:
    """A link that a mail client has wrapped or glued to something: to the address that it was."""
    secret = links.secret_in(token)
    return redirect("orgs:invitation", token=secret) if secret else _unknown(request)


@require_POST
def ask_for_another(request: Request, token: str) -> HttpResponse:
    """Whoever holds a link that ended asks its sender for a new one."""
    invited = access.invitation_of_token(tokens.peek(invitations.LINK, token))
    invitations.ask_for_another(request.actor, invited)
    return render(request, "orgs/invitation_asked.html", _context(invited, token))


def _open(request: Request, invited: Invitation, token: str) -> HttpResponse:
    begun = queries.registration_of_invitation(invited)
    form = CaptchaForm() if begun else captcha.answered(request)
    if request.method == "POST" and (begun or form.is_valid()):
        registration = drafts.start(request.actor, invitation=invited)
        holding.hold(request, registration)
        return enter(registration)
    way = _way(request, invited, begun)
    if way in WITHOUT_REGISTERING:
        return render(request, "orgs/invitation_known.html", _context(invited, token, way=way))
    context = _context(invited, token, form=form, begun=begun, way=way, steps=indicator(begun, current=""))
    status = 422 if form.errors else 200
    return render(request, "orgs/invitation.html", context, status=status)


def _way(request: Request, invited: Invitation, begun: Registration | None) -> str:
    """``continue`` where a registration was begun, ``accept`` for somebody signed in who can; else as for any visitor."""
    if begun:
        return CONTINUE
    if request.GET.get(OTHER_WAY) == Way.REGISTER:
        return Way.REGISTER
    return ACCEPT if recognition.is_for(request.actor, invited) else recognition.way_in(invited)


def _ended(link: Token, invited: Invitation) -> str:
    """Why the link does not lead on: ``used``, ``revoked``, ``expired``, ``replaced`` by a newer one, or ``paused`` with the
    company that sent it; else empty.
    """
    if invited.state == InvitationState.ACCEPTED:
        return "used"
    if invited.state == InvitationState.REVOKED:
        return "revoked"
    if link.revoked_at:
        return "replaced"
    if not invited.is_inviter_active:
        return "paused"
    stands = invited.is_open or invited.state == InvitationState.BOUNCED
    return "" if stands and not tokens.ended_because(link) else "expired"


def _unknown(request: Request) -> HttpResponse:
    return render(request, "orgs/invitation_unknown.html", status=NotFound.status)


def _context(invited: Invitation, token: str, **more: object) -> dict[str, object]:
    return {"invitation": invited, "token": token, **more}
