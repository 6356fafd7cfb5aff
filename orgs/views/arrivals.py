"""Whoever came by a mailed link and then goes on has shown that they read what is mailed to the contact's address.

Opening the link is not enough: mail scanners do that too, so a ``GET`` only notes in the session which link it was.
"""

from __future__ import annotations

from django.http import HttpRequest

from core.http import Request
from core.models import Token
from orgs.models import Registration
from orgs.services.registrations import drafts

CAME_BY = "came_by_link"


def note(request: HttpRequest, registration: Registration, link: Token) -> None:
    """Remember the link by which this registration was opened here."""
    if registration.email_confirmed_at is None:
        request.session[CAME_BY] = {**request.session.get(CAME_BY, {}), str(registration.pk): str(link.pk)}


def confirm(request: Request, registration: Registration) -> None:
    """Somebody pressed a button of this registration: where they came by a link, the address is confirmed."""
    came_by: str = request.session.get(CAME_BY, {}).get(str(registration.pk), "")
    token = Token.objects.filter(pk=came_by).first() if came_by else None
    if token is not None:
        drafts.confirm_address(request.actor, registration, link=token)
