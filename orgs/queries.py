"""Reading across organisations, members and roles."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

import accounts.queries
from accounts.models import FactorReset, FactorResetState, User, UserState
from core.actor import Actor
from orgs import mail_domains
from orgs.models import (
    CHANGE_RELATIONS,
    LIVE_STATES,
    Application,
    ChangeRequest,
    ChangeRequestState,
    Invitation,
    JoinRequest,
    JoinRequestState,
    Membership,
    MembershipState,
    Organization,
    OrganizationState,
    Partnership,
    Registration,
    RegistrationAdministrator,
    RegistrationMatch,
    RegistrationState,
    Role,
    RoleAssignment,
    name_key,
    organization_id_in,
)
from orgs.models.names import Bare, DomainOf, bare

SEARCH_LENGTH = 200
MOST_FOUND = 500
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


def signed_in_administrators(organization: Organization) -> QuerySet[Membership]:
    """The Organization Administrators who can act today: active, and past First-Time Login."""
    return administrators(organization, Role.OA).filter(user__state=UserState.ACTIVE)


def administrators_with_roles(organization: Organization) -> QuerySet[Membership]:
    """The active members who hold any role, each with user and ``roles`` with their applications."""
    held = RoleAssignment.objects.filter(membership__organization=organization)
    members = active_members().filter(organization=organization, pk__in=held.values("membership_id"))
    roles = Prefetch(
        "roles", RoleAssignment.objects.select_related("application").order_by("role", "application__name")
    )
    return members.select_related("user").prefetch_related(roles).order_by("created_at", "id")


def role_holders(organization: Organization, role: Role) -> QuerySet[Membership]:
    """All who hold ``role`` and have not left for good, also those who cannot act with it today."""
    held = RoleAssignment.objects.filter(role=role, membership__organization=organization)
    members = Membership.objects.filter(pk__in=held.values("membership_id")).exclude(state=MembershipState.CLOSED)
    return members.select_related("user", "organization").order_by("created_at", "id")


def holds(membership: Membership, role: Role) -> bool:
    """Whether a member has ``role``; for Application Administrator, for any application."""
    return RoleAssignment.objects.filter(membership=membership, role=role).exists()


def is_member(organization: Organization, user_id: UUID | None) -> bool:
    """Whether this person is or was a member of ``organization``."""
    return user_id is not None and Membership.objects.filter(organization=organization, user_id=user_id).exists()


def organizations_of(user: User) -> frozenset[UUID]:
    """The ids of all organisations that ``user`` is or was a member of."""
    return frozenset(Membership.objects.filter(user=user).values_list("organization_id", flat=True))


def changes() -> QuerySet[ChangeRequest]:
    """Change requests with everybody who has to do with them."""
    return ChangeRequest.objects.select_related(*CHANGE_RELATIONS)


def open_changes(organization: Organization) -> QuerySet[ChangeRequest]:
    """What an organisation waits for, oldest first."""
    return changes().filter(organization=organization, state=ChangeRequestState.REQUESTED).order_by("created_at", "id")


def open_change_of(membership: Membership) -> ChangeRequest | None:
    """The request to appoint or dismiss this member that waits."""
    named = open_changes(membership.organization).filter(administrators__contains=[{"membership": str(membership.pk)}])
    return named.first()


def decided_changes(organization: Organization) -> QuerySet[ChangeRequest]:
    """What became of earlier requests, newest first."""
    ended = (ChangeRequestState.APPROVED, ChangeRequestState.DENIED)
    return changes().filter(organization=organization, state__in=ended).order_by("-decided_at", "-id")


def organizations_of_address(address: str) -> QuerySet[Organization]:
    """Active organisations that have the domain of ``address``; none where anybody can have an address there."""
    domain = mail_domains.of(address)
    if not domain or mail_domains.is_free(domain):
        return Organization.objects.none()
    found = Organization.objects.filter(email_domains__contains=[domain], state=OrganizationState.ACTIVE)
    return found.order_by("legal_name", "id")[:20]


def lost_factors(actor: Actor) -> QuerySet[FactorReset]:
    """The requests to remove lost second factors for which the actor as an Organization Administrator can vouch."""
    if actor.organization_id is None or actor.user_id is None:
        return FactorReset.objects.none()
    return FactorReset.objects.filter(
        state=FactorResetState.REQUESTED,
        user__memberships__organization_id=actor.organization_id,
        user__memberships__state=MembershipState.ACTIVE,
    ).exclude(user_id=actor.user_id)


def waiting_join_requests(actor: Actor) -> QuerySet[JoinRequest]:
    """What waits for the actor as an Organization Administrator."""
    if actor.organization_id is None:
        return JoinRequest.objects.none()
    return JoinRequest.objects.filter(
        organization_id=actor.organization_id, state=JoinRequestState.REQUESTED, expires_at__gt=timezone.now()
    )


def operator_staff() -> QuerySet[User]:
    """The operator's people who can sign in, and so decide."""
    return accounts.queries.operator_staff()


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


# --- Looking for registrations ------------------------------------------------------------------------------------
def current_matches() -> QuerySet[RegistrationMatch]:
    """The likenesses that still mean something: with organisations that were not closed, and registrations that wait."""
    return RegistrationMatch.objects.filter(
        Q(organization__state__in=(OrganizationState.ACTIVE, OrganizationState.SUSPENDED))
        | Q(other__state__in=(RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED))
    )


def first_submission() -> datetime | None:
    """When the first registration was submitted. One look into an index."""
    submitted = Registration.objects.filter(submitted_at__isnull=False).order_by("submitted_at")
    return submitted.values_list("submitted_at", flat=True).first()


def search_registrations(registrations: QuerySet[Registration], text: str) -> QuerySet[Registration]:
    """Those of ``registrations`` that ``text`` may mean: an identifier of theirs or part of their legal name.

    Understands UEI, CAGE, D-U-N-S and tax ID with or without spaces and hyphens; the id of the registration; the
    Organization ID of what became of it; the address of the contact or of somebody named; an e-mail domain, with or without
    ``@``; the inviter's own reference. Each way of looking has an index of its own, and all are joined by one bitmap; three
    small queries at most look first for what is in other tables.
    """
    text = " ".join(text.replace("\0", " ").split())[:SEARCH_LENGTH]
    if not text:
        return registrations
    rows = registrations.alias(
        address=Lower("contact_email"), domain=DomainOf("contact_email"), bare_tax_id=Bare("tax_id")
    )
    return rows.filter(_by_name(text) | _by_address(text) | _by_identifier(text) | _by_key(text))


def _by_name(text: str) -> Q:
    # Trigrams find what has at least three letters; less than that is the beginning of a name.
    if len(text) < 3:
        return Q(legal_name__istartswith=text)
    key = name_key(text)
    return Q(legal_name__icontains=text) | (Q(name_key__contains=key) if len(key) >= 3 else Q())


def _by_address(text: str) -> Q:
    address = text.lower()
    name, _, domain = address.rpartition("@")
    if " " in address or "." not in domain:
        return Q()
    if not name:
        return Q(email_domains__contains=[domain]) | Q(domain=domain)
    named = RegistrationAdministrator.objects.alias(address=Lower("email")).filter(address=address)
    return Q(address=address) | Q(pk__in=list(named.values_list("registration_id", flat=True)[:MOST_FOUND]))


def _by_identifier(text: str) -> Q:
    code = bare(text)
    lengths = {5: "cage", 9: "duns", 12: "uei"}
    found = Q(**{lengths[len(code)]: code}) if len(code) in lengths else Q()
    return found | (Q(bare_tax_id=code) & ~Q(tax_id="")) if 4 <= len(code) <= 32 else found


def _by_key(text: str) -> Q:
    referred = Invitation.objects.filter(external_reference__iexact=text).exclude(external_reference="")
    found = Q(invitation__in=list(referred.values_list("pk", flat=True)[:MOST_FOUND]))
    meant = organization_id_in(text) if bare(text).startswith("ORG") else ""
    if meant:
        known = Organization.objects.filter(organization_id=meant)
        found |= Q(organization__in=list(known.values_list("pk", flat=True)))
    with suppress(ValueError):
        found |= Q(pk=UUID(text))
    return found
