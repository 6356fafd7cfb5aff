"""Reading the rights that ``services.actors`` gives an actor."""

from __future__ import annotations

from core.actor import Actor
from orgs.models import Role

OA = Role.OA.value
CAN_INVITE = "can_invite"


def is_organization_administrator(actor: Actor) -> bool:
    return actor.organization_id is not None and actor.has(OA)


def is_application_administrator(actor: Actor) -> bool:
    return actor.organization_id is not None and any(role.startswith(f"{Role.AA.value}:") for role in actor.roles)


def is_administrator(actor: Actor) -> bool:
    """Whether the actor administers the organisation they act for, or an application in it."""
    return is_organization_administrator(actor) or is_application_administrator(actor)


def may_invite(actor: Actor) -> bool:
    return actor.organization_id is not None and (is_administrator(actor) or actor.has(CAN_INVITE))
