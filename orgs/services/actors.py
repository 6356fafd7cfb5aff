"""Turning people into actors: with which membership, and so with which rights, somebody acts."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import session_data
from accounts.models import User
from core.actor import Actor, ActorKind
from core.http import client_address
from orgs.models import Membership, MembershipState, OrganizationState, Role, RoleAssignment

CHOSEN_MEMBERSHIP = "membership"


class MembershipActorResolver:
    """Finds the membership a request acts under: the one chosen in the session, else the person's oldest active one."""

    def resolve(self, request: HttpRequest) -> Actor:
        ip = client_address(request)
        request_id: str = getattr(request, "request_id", "")
        user = request.user
        if not user.is_authenticated:
            return Actor.anonymous(ip=ip, request_id=request_id)
        actor = of_user(user, chosen=request.session.get(CHOSEN_MEMBERSHIP))
        session_data.has_rights(request.session, rights_of(actor))
        return actor.at(ip=ip, request_id=request_id, proofs=frozenset(session_data.proofs_of(request.session)))


def of_user(user: User, *, chosen: str | None = None) -> Actor:
    """``user`` as an actor: operator staff outside any organisation, others with the ``chosen`` or oldest membership."""
    membership = None if user.is_staff else _membership(user, chosen)
    if membership is None:
        return Actor(kind=ActorKind.USER, label=user.user_id, user_id=user.id, is_staff=user.is_staff)
    return of_member(membership, user=user)


def of_member(membership: Membership, *, user: User | None = None) -> Actor:
    """A member as an actor, with the rights of this membership."""
    person = user or membership.user
    return Actor(
        kind=ActorKind.USER,
        label=person.user_id,
        user_id=person.id,
        organization_id=membership.organization_id,
        membership_id=membership.id,
        roles=roles_of(membership),
    )


def rights_of(actor: Actor) -> str:
    """What a session notes of the rights it was used with, so that others take another key."""
    return f"{actor.membership_id} {' '.join(sorted(actor.roles))}"


def roles_of(membership: Membership) -> frozenset[str]:
    """The rights of a membership as strings: ``oa``, ``aa:<application code>``, ``steward``, ``can_invite``."""
    held = RoleAssignment.objects.filter(membership=membership).values_list("role", "application__code")
    roles = {f"{role}:{code}" if role == Role.AA else role for role, code in held}
    if membership.can_invite:
        roles.add("can_invite")
    return frozenset(roles)


def _membership(user: User, chosen: str | None) -> Membership | None:
    active = Membership.objects.filter(
        user=user, state=MembershipState.ACTIVE, organization__state=OrganizationState.ACTIVE
    ).order_by("created_at", "id")
    memberships = list(active)
    for membership in memberships:
        if str(membership.id) == chosen:
            return membership
    return memberships[0] if memberships else None
