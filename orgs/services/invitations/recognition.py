"""Which of the three ways in is right for whoever opens an invitation: sign in, ask to join, or register.

The gateway decides, not the reader. That an address or its domain is known is said only to whoever has shown that they read
the mail sent to that address; where a colleague may use the link, everybody who opens it sees the same.
"""

from __future__ import annotations

from enum import StrEnum

from core.actor import Actor
from orgs import queries
from orgs.models import Invitation


class Way(StrEnum):
    """``ANY``: the link may be in anybody's hands, so all ways are shown and none is recommended."""

    SIGN_IN = "sign-in"
    JOIN = "join"
    REGISTER = "register"
    ANY = "any"


def way_in(invitation: Invitation) -> Way:
    """For a visitor who has not signed in."""
    if invitation.colleague_allowed:
        return Way.ANY
    if _belongs_to_member(invitation):
        return Way.SIGN_IN
    return Way.JOIN if queries.organizations_of_address(invitation.email) else Way.REGISTER


def is_for(actor: Actor, invitation: Invitation) -> bool:
    """Whether somebody who has signed in can take it up for the organisation they act for."""
    if actor.organization_id is None or actor.organization_id == invitation.organization_id:
        return False
    members = queries.active_members().filter(organization_id=actor.organization_id)
    return invitation.colleague_allowed or members.filter(user__email__iexact=invitation.email).exists()


def _belongs_to_member(invitation: Invitation) -> bool:
    members = queries.active_members().filter(user__email__iexact=invitation.email, user__is_staff=False)
    if invitation.organization_id is not None:
        members = members.exclude(organization_id=invitation.organization_id)
    return members.exists()
