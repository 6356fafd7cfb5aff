"""Somebody holds a link that has ended, and asks its sender for another."""

from __future__ import annotations

from django.db import transaction

from core import audit, throttles
from core.actor import Actor
from core.throttles import FailMode, Limit
from orgs.models import Invitation
from orgs.services.invitations import letters

ASKING = Limit("asking for a new invitation", "3/day", FailMode.CLOSED)


def ask_for_another(actor: Actor, invitation: Invitation) -> None:
    """Tell the inviter, or operator staff where they invited, that somebody with an ended link asks for a new one.

    Raises ``TooMany`` after three a day for one invitation. Who held the link learns nothing but that it was passed on.
    """
    throttles.hit(ASKING, str(invitation.pk))
    with transaction.atomic():
        audit.record(actor, "orgs.invitation.ask", invitation, organization_id=invitation.organization_id)
        letters.tell("orgs/mail/invitation_asked_for", invitation, state=str(invitation.get_state_display()))
