"""Members of an organisation and the roles they hold."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.services import sessions
from core import audit, states
from core.actor import Actor
from core.errors import Conflict
from orgs import policies, queries
from orgs.models import Application, Membership, MembershipState, Organization, Role, RoleAssignment
from orgs.services import actors, locks


@transaction.atomic
def create(actor: Actor, *, user: User, organization: Organization, can_invite: bool = False) -> Membership:
    """Make ``user`` a member. Raises ``NotAllowed``, and ``Conflict`` when they are one already."""
    policies.can_manage_members(actor, organization.id).enforce()
    if Membership.objects.filter(user=user, organization=organization).exists():
        raise Conflict(f"{organization} has {user.full_name} as a member already.")
    return enrol(actor, user=user, organization=organization, can_invite=can_invite)


@transaction.atomic
def appoint(
    actor: Actor, *, membership: Membership, role: Role, application: Application | None = None
) -> RoleAssignment:
    """Give ``role`` to a member, for ``application`` where it is Application Administrator.

    Twice is as good as once. Raises ``NotAllowed``, also for an Organization Administrator, whom the operator confirms (see
    ``change_requests``), and ``Conflict`` when the member is not active.
    """
    policies.can_assign_role(actor, membership.organization_id, role).enforce()
    if membership.state != MembershipState.ACTIVE:
        raise Conflict("Only an active member can hold a role. Unsuspend this user first.")
    return assign(actor, membership=membership, role=role, application=application)


@transaction.atomic
def dismiss(actor: Actor, *, membership: Membership, role: Role, application: Application | None = None) -> None:
    """Take ``role`` from a member.

    Raises ``NotAllowed`` as ``appoint`` does, and ``Conflict`` for the last active OA or a role not held.
    """
    policies.can_assign_role(actor, membership.organization_id, role).enforce()
    if role == Role.OA:
        keep_one_organization_administrator(membership.organization, without=[membership.pk])
    unassign(actor, membership=membership, role=role, application=application)


@transaction.atomic
def suspend(actor: Actor, *, membership: Membership, reason: str) -> Membership:
    """Keep a member out until unsuspended; roles are kept, sessions end. Raises ``Conflict`` for the last active OA."""
    policies.can_suspend(actor, membership).enforce()
    if membership.roles.filter(role=Role.OA).exists():
        keep_one_organization_administrator(membership.organization, without=[membership.pk])
    states.advance(membership, "suspend", actor=actor, reason=reason, suspension_reason=reason)
    sessions.end_all(actor, user=membership.user, reason=reason)
    return membership


def unsuspend(actor: Actor, *, membership: Membership) -> Membership:
    policies.can_manage_members(actor, membership.organization_id).enforce()
    return states.advance(membership, "unsuspend", actor=actor, suspension_reason="")


def act_for(actor: Actor, *, membership: Membership) -> Actor:
    """Work for another organisation of one's own from now on: the actor that the session becomes.

    Raises ``NotAllowed`` when the membership is somebody else's, or is not active, or its organisation is not.
    """
    policies.can_act_for(actor, membership).enforce()
    with transaction.atomic():
        audit.record(actor, "orgs.membership.act_for", membership, organization_id=membership.organization_id)
    return actors.of_member(membership)


def enrol(actor: Actor, *, user: User, organization: Organization, can_invite: bool = False) -> Membership:
    """Write a membership that another service has decided on; an existing one is kept. Needs a transaction."""
    membership, is_new = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"can_invite": can_invite}
    )
    if is_new:
        audit.record(
            actor,
            "orgs.membership.create",
            membership,
            data={"user_id": user.user_id, "can_invite": can_invite},
            organization_id=organization.id,
        )
    return membership


def assign(
    actor: Actor, *, membership: Membership, role: Role, application: Application | None = None
) -> RoleAssignment:
    """Write a role that another service has decided on; an existing one is kept. Needs a transaction."""
    assignment, is_new = RoleAssignment.objects.get_or_create(membership=membership, role=role, application=application)
    if is_new:
        audit.record(
            actor,
            "orgs.membership.appoint",
            membership,
            data=_role_data(role, application),
            organization_id=membership.organization_id,
        )
    return assignment


def unassign(actor: Actor, *, membership: Membership, role: Role, application: Application | None = None) -> None:
    """Take away a role as another service has decided; their sessions end, unless they lay it down themselves.

    Needs a transaction. Raises ``Conflict`` for a role not held.
    """
    count, _ = RoleAssignment.objects.filter(membership=membership, role=role, application=application).delete()
    if not count:
        raise Conflict(f"{membership.user.full_name} does not hold that role.")
    audit.record(
        actor,
        "orgs.membership.dismiss",
        membership,
        data=_role_data(role, application),
        organization_id=membership.organization_id,
    )
    if actor.user_id != membership.user_id:
        sessions.end_all(actor, user=membership.user, reason=f"No longer {role.label}")


def keep_one_organization_administrator(
    organization: Organization, *, without: Collection[UUID] = (), signed_in: bool = True
) -> None:
    """Raise ``Conflict`` unless an active OA is left beside the memberships ``without``. Needs a transaction.

    Only who has signed in counts, unless ``signed_in`` is off. The organisation's row makes decisions wait in line.
    """
    locks.organization(organization.pk)
    able = queries.signed_in_administrators if signed_in else partial(queries.administrators, role=Role.OA)
    if not able(organization).exclude(pk__in=without).exists():
        raise Conflict(
            "This is the last active Organization Administrator. Appoint another one, who has signed in, before you do this."
        )


def _role_data(role: str, application: Application | None) -> dict[str, str]:
    return {"role": role, "application": application.code if application else ""}
