"""Whoever came by a mailed link and then goes on has shown that they read what is mailed to the contact's address.

Opening the link is not enough: mail scanners do that too, so a ``GET`` only notes in the session which link it was.
"""

from __future__ import annotations

from django.http import HttpRequest

from core import tokens
from core.http import Request
from core.models import Token
from orgs.models import Registration
from orgs.services.registrations import drafts
from orgs.views import holding

CAME_BY = "came_by_link"


def note(request: HttpRequest, registration: Registration, link: Token) -> None:
    """Remember the link by which this registration was opened here."""
    if registration.email_confirmed_at:
        holding.reads_mail(request, registration)
    else:
        request.session[CAME_BY] = {**request.session.get(CAME_BY, {}), str(registration.pk): str(link.pk)}


def confirm(request: Request, registration: Registration) -> None:
    """Somebody pressed a button of this registration: where they came by a link, the address is confirmed.

    Where it was confirmed in another browser only, it may be another person who goes on with the draft, and would submit
    under the confirmed address what its owner never saw: it has to be confirmed anew.
    """
    came_by: str = request.session.get(CAME_BY, {}).get(str(registration.pk), "")
    token = Token.objects.filter(pk=came_by).first() if came_by else None
    if token is not None and not tokens.ended_because(token):
        drafts.confirm_address(request.actor, registration, link=token)
        if registration.email_confirmed_at:
            holding.reads_mail(request, registration)
    elif registration.email_confirmed_at and not holding.has_read_mail(request, registration):
        drafts.doubt_address(request.actor, registration)
