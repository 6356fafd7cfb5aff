"""Reading across organisations, members and roles."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Lower

from accounts.models import User, UserState
from core.actor import Actor
from orgs.models import (
    LIVE_STATES,
    Application,
    Invitation,
    Membership,
    MembershipState,
    Organization,
    OrganizationState,
    Partnership,
    Registration,
    RegistrationAdministrator,
    Role,
    RoleAssignment,
)

REACHABLE = (UserState.INVITED, UserState.FIRST_LOGIN, UserState.ACTIVE)


def active_members() -> QuerySet[Membership]:
    """Members who count today: active themselves, as persons, and in an active organisation."""
    return Membership.objects.filter(
        state=MembershipState.ACTIVE,
        organization__state=OrganizationState.ACTIVE,
        user__state__in=REACHABLE,
    )


def contacts(actor: Actor, *, search: str = "") -> QuerySet[Membership]:
    """Whom the actor may send to: active members of their own organisation and its partners, without the actor.

    Each word of ``search`` must occur in the name, e-mail address or organisation. Users and organisations come along.
    """
    if actor.organization_id is None or actor.user_id is None:
        return Membership.objects.none()
    partners = Partnership.objects.filter(organization_id=actor.organization_id).values("partner_id")
    reachable = (
        active_members()
        .filter(Q(organization_id=actor.organization_id) | Q(organization_id__in=partners))
        .exclude(user_id=actor.user_id)
    )
    found = matching(reachable, search)
    return found.select_related("user", "organization").order_by("user__last_name", "user__first_name", "id")


def matching(members: QuerySet[Membership], search: str) -> QuerySet[Membership]:
    """Those of ``members`` in whose name, User ID, e-mail address or organisation every word of ``search`` occurs."""
    for word in search.replace("\0", " ").split()[:8]:
        members = members.filter(
            Q(user__first_name__icontains=word)
            | Q(user__last_name__icontains=word)
            | Q(user__email__icontains=word)
            | Q(user__user_id__icontains=word)
            | Q(organization__legal_name__icontains=word)
        )
    return members


def administrators(
    organization: Organization, role: Role, application: Application | None = None
) -> QuerySet[Membership]:
    """The active members who hold ``role`` in ``organization``, for ``application`` where one is given."""
    held = RoleAssignment.objects.filter(role=role, membership__organization=organization)
    if application is not None:
        held = held.filter(application=application)
    members = active_members().filter(organization=organization, pk__in=held.values("membership_id"))
    return members.select_related("user", "organization").order_by("created_at", "id")


def administrators_with_roles(organization: Organization) -> QuerySet[Membership]:
    """The active members who hold any role, each with user and ``roles`` with their applications."""
    held = RoleAssignment.objects.filter(membership__organization=organization)
    members = active_members().filter(organization=organization, pk__in=held.values("membership_id"))
    roles = Prefetch(
        "roles", RoleAssignment.objects.select_related("application").order_by("role", "application__name")
    )
    return members.select_related("user").prefetch_related(roles).order_by("created_at", "id")


def operator_staff() -> QuerySet[User]:
    """The operator's people who can sign in, and so decide."""
    return User.objects.filter(is_staff=True, state=UserState.ACTIVE).order_by("created_at", "id")


def registration_of_invitation(invitation: Invitation) -> Registration | None:
    """The live registration made with an invitation; one that was denied or ended no longer counts."""
    return Registration.objects.filter(invitation=invitation, state__in=LIVE_STATES).first()


def administrators_named(registration: Registration) -> QuerySet[RegistrationAdministrator]:
    """The people to whom a registration gives a role. Who was entered on the way and not selected is not part of it."""
    has_role = Q(is_organization_administrator=True) | Q(administered__isnull=False)
    return registration.administrators.filter(has_role).distinct()


def users_by_email(addresses: Collection[str]) -> QuerySet[User]:
    """The people who already have one of these addresses."""
    return User.objects.alias(address=Lower("email")).filter(address__in=[address.lower() for address in addresses])
