"""Members of an organisation and the roles they hold."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from core import audit
from core.actor import Actor
from core.errors import Conflict
from orgs import policies
from orgs.models import Application, Membership, MembershipState, Organization, Role, RoleAssignment


@transaction.atomic
def create(actor: Actor, *, user: User, organization: Organization, can_invite: bool = False) -> Membership:
    """Make ``user`` a member. Raises ``NotAllowed``, and ``Conflict`` when they are one already."""
    policies.can_manage_members(actor, organization.id).enforce()
    if Membership.objects.filter(user=user, organization=organization).exists():
        raise Conflict(f"{user.full_name} is already a member of {organization}.")
    return enrol(actor, user=user, organization=organization, can_invite=can_invite)


@transaction.atomic
def appoint(
    actor: Actor, *, membership: Membership, role: Role, application: Application | None = None
) -> RoleAssignment:
    """Give ``role`` to a member, for ``application`` where it is Application Administrator.

    Twice is as good as once. Raises ``NotAllowed``, and ``Conflict`` when the member is not active.
    """
    policies.can_appoint(actor, membership).enforce()
    if membership.state != MembershipState.ACTIVE:
        raise Conflict("Only an active member can hold a role. Unsuspend this user first.")
    return assign(actor, membership=membership, role=role, application=application)


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


def _role_data(role: str, application: Application | None) -> dict[str, str]:
    return {"role": role, "application": application.code if application else ""}
