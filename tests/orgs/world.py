"""Organisations, people and invitations that the tests of this room stand on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from django.utils import timezone

from accounts.models import User, UserState
from core import outbox, tokens
from core.actor import Actor
from core.models import Mail, MailState, Token
from core.outbox import render
from orgs.catalogue import SFT
from orgs.models import Application, Invitation, Membership, Organization, OrganizationState, Role
from orgs.services import actors, invitations, memberships

PEN = Actor.system("test set-up")
VISITOR = Actor.anonymous(ip="203.0.113.9")
ONE_TIME_PASSWORD = "harvest moon over Leeds 7"


def sft() -> Application:
    return Application.objects.get(code=SFT)


def company(name: str) -> Organization:
    return Organization.objects.create(legal_name=name, country="US", state=OrganizationState.ACTIVE)


def user(first_name: str, *, email: str = "", staff: bool = False, state: UserState = UserState.ACTIVE) -> User:
    return User.objects.create(
        user_id=f"{first_name.lower()}_{uuid4().int % 10_000_000}",
        email=email or f"{first_name.lower()}-{uuid4().hex[:8]}@people.example",
        first_name=first_name,
        last_name="Baker",
        state=state,
        is_staff=staff,
    )


def member(organization: Organization, first_name: str, *roles: Role, can_invite: bool = False) -> Membership:
    membership = Membership.objects.create(user=user(first_name), organization=organization, can_invite=can_invite)
    for role in roles:
        memberships.appoint(PEN, membership=membership, role=role, application=sft() if role is Role.AA else None)
    return membership


def acting(membership: Membership) -> Actor:
    return actors.of_member(Membership.objects.select_related("user").get(pk=membership.pk))


@dataclass(frozen=True, slots=True)
class World:
    """``inviter`` is OA of ``aurora``; ``approver`` its AA; ``employee`` has no role. ``stranger`` is OA elsewhere."""

    aurora: Organization
    elsewhere: Organization
    inviter: Membership
    approver: Membership
    employee: Membership
    stranger: Membership
    staff: User

    @property
    def operator(self) -> Actor:
        return actors.of_user(self.staff)

    def reloaded(self) -> Organization:
        """``aurora`` as it is stored now."""
        return Organization.objects.get(pk=self.aurora.pk)


def build() -> World:
    aurora, elsewhere = company("Aurora Aerospace & Sons"), company("Elsewhere Ltd")
    return World(
        aurora,
        elsewhere,
        inviter=member(aurora, "Olivia", Role.OA),
        approver=member(aurora, "Aaron", Role.AA),
        employee=member(aurora, "Emma"),
        stranger=member(elsewhere, "Sven", Role.OA),
        staff=user("Sam", staff=True),
    )


def invite(world: World, *, email: str = "kim@newco.example", company_name: str = "Newco Metals") -> Invitation:
    return invitations.create(
        acting(world.inviter),
        company_name=company_name,
        email=email,
        first_name="Kim",
        last_name="Novak",
        applications=[sft()],
    )


def secret_of(invitation: Invitation) -> str:
    """The secret of the newest link, as its addressee reads it."""
    newest = Token.objects.filter(purpose=invitations.LINK, subject_id=invitation.pk).latest("created_at")
    return tokens.secret_of(newest)


def mails(template: str) -> list[Mail]:
    """Queued messages of ``orgs/mail/<template>``, newest first."""
    return list(Mail.objects.filter(template=f"orgs/mail/{template}").order_by("-created_at"))


def link_in(mail: Mail, path_start: str) -> str:
    """The path of the first link in the text of a message that begins so."""
    words = render(mail).text.split()
    address = next(word for word in words if path_start in word)
    return address[address.index(path_start) :]


def come_back(invitation: Invitation, reason: str = "550 5.1.1 No such user here") -> None:
    """The newest mail with the link of an invitation is sent, and comes back."""
    mail = Mail.objects.filter(about=invitation.pk, to=invitation.email).latest("created_at")
    Mail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=timezone.now())
    mail.refresh_from_db()
    outbox.bounce(PEN, mail, reason=reason, suppress=False)
    invitation.refresh_from_db()
