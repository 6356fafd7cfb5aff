"""Two partner companies and a stranger's, with people and what they may do: made once a test, read in every test."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from accounts.models import User, UserState
from core.actor import Actor
from orgs.catalogue import SFT
from orgs.models import Application, Membership, Organization, OrganizationState, Partnership, Role
from orgs.services import actors, memberships
from sft.models import AccessGrant, Package, Recipient, Subscription
from sft.services import access, drafts, recipients, subscriptions

PEN = Actor.system("test set-up")


def sft() -> Application:
    return Application.objects.get(code=SFT)


def company(name: str) -> Organization:
    return Organization.objects.create(legal_name=name, country="US", state=OrganizationState.ACTIVE)


def person(first_name: str, *, staff: bool = False) -> User:
    return User.objects.create(
        user_id=f"{first_name.lower()}_{uuid4().int % 10_000_000}",
        email=f"{first_name.lower()}-{uuid4().hex[:8]}@partner.example",
        first_name=first_name,
        last_name="Lindqvist",
        state=UserState.ACTIVE,
        is_staff=staff,
    )


def member(organization: Organization, first_name: str, *roles: Role) -> Membership:
    membership = Membership.objects.create(user=person(first_name), organization=organization)
    for role in roles:
        application = sft() if role is Role.AA else None
        memberships.appoint(PEN, membership=membership, role=role, application=application)
    return membership


def partners(one: Organization, other: Organization) -> None:
    Partnership.objects.create(organization=one, partner=other)
    Partnership.objects.create(organization=other, partner=one)


def acting(membership: Membership) -> Actor:
    return actors.of_member(Membership.objects.select_related("user").get(pk=membership.pk))


def operator() -> Actor:
    return actors.of_user(person("Sam", staff=True))


def subscribed(organization: Organization) -> Subscription:
    return subscriptions.subscribe(operator(), organization=organization, application=sft())


def with_access(membership: Membership) -> Membership:
    access.grant(PEN, membership=membership, application=sft())
    return membership


def asking(membership: Membership) -> AccessGrant:
    """A member's own request, waiting."""
    return access.request(acting(membership), application=sft())


@dataclass(frozen=True, slots=True)
class World:
    """``aurora`` and ``harbor`` are partners and subscribed; ``strangers`` are subscribed and nobody's partner."""

    aurora: Organization
    harbor: Organization
    strangers: Organization
    owner: Membership
    decider: Membership
    sender: Membership
    newcomer: Membership
    recipient: Membership
    stranger: Membership
    strange_decider: Membership


def build() -> World:
    aurora, harbor, strangers = company("Aurora Aerospace"), company("Harbor Metals"), company("Strangers Inc")
    partners(aurora, harbor)
    world = World(
        aurora,
        harbor,
        strangers,
        owner=member(aurora, "Olivia", Role.OA),
        decider=member(aurora, "Aaron", Role.AA),
        sender=member(aurora, "Emma"),
        newcomer=member(aurora, "Noah"),
        recipient=member(harbor, "Hanna", Role.OA),
        stranger=member(strangers, "Sven", Role.OA),
        strange_decider=member(strangers, "Stella", Role.AA),
    )
    for organization in (aurora, harbor, strangers):
        subscribed(organization)
    with_access(world.sender)
    return world


def draft(world: World, *, title: str = "Wing spar drawings", to: tuple[Membership, ...] | None = None) -> Package:
    """A draft of the sender's with its recipients and no files."""
    package = drafts.start(acting(world.sender), title=title, note="Rev C")
    for membership in (world.recipient,) if to is None else to:
        recipients.add(acting(world.sender), package=package, who=str(membership.pk))
    return package


def recipient_row(package: Package, membership: Membership) -> Recipient:
    return Recipient.objects.select_related("package").get(package=package, membership=membership)
