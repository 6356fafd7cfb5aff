"""The only way to load an object for somebody: it starts from their organisation; not theirs and not there are one 404."""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor
from core.errors import NotFound
from orgs.models import Membership, Organization


def organization(actor: Actor) -> Organization:
    """The organisation the actor acts for."""
    found = Organization.objects.filter(pk=actor.organization_id).first() if actor.organization_id else None
    if found is None:
        raise NotFound
    return found


def member(actor: Actor, pk: UUID) -> Membership:
    """A member of the actor's own organisation, with user and organisation."""
    if actor.organization_id is None:
        raise NotFound
    members = Membership.objects.select_related("user", "organization")
    found = members.filter(pk=pk, organization_id=actor.organization_id).first()
    if found is None:
        raise NotFound
    return found
