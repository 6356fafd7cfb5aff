"""Who may do what in this room. Pure: what a decision needs is handed in; deny is the default."""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor, ActorKind
from core.policies import ALLOWED, Decision, refused
from orgs.models import Membership, Organization, Role

OA = Role.OA.value


def is_application_administrator(actor: Actor) -> bool:
    return any(role.startswith(f"{Role.AA.value}:") for role in actor.roles)


def can_manage_members(actor: Actor, organization_id: UUID) -> Decision:
    """Create and edit the users of an organisation and their roles."""
    if actor.kind is ActorKind.SYSTEM:
        return ALLOWED
    if actor.organization_id == organization_id and actor.has(OA):
        return ALLOWED
    return refused("Users are managed by the Organization Administrator of their organisation.")


def can_appoint(actor: Actor, membership: Membership) -> Decision:
    """Give or take a role."""
    return can_manage_members(actor, membership.organization_id)


def can_see_organization(actor: Actor, organization: Organization) -> Decision:
    if actor.organization_id == organization.id and (actor.has(OA) or is_application_administrator(actor)):
        return ALLOWED
    return refused("The organisation’s page is for its administrators.")
