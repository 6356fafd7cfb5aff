"""The only way to load an object for somebody: it starts from their organisation; not theirs and not there are one 404.

A visitor without an account is known by what they hold: the token of a link, or the drafts of their session.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, Lower
from django.utils import timezone

from core.actor import Actor
from core.errors import NotFound
from core.models import AuditEvent, Token
from orgs import roles
from orgs.books import Book
from orgs.models import (
    CHANGE_RELATIONS,
    ChangeRequest,
    Invitation,
    InvitationBatch,
    JoinRequest,
    MailedStart,
    Membership,
    MembershipState,
    Organization,
    Registration,
    RegistrationAdministrator,
    RegistrationState,
)


def organization(actor: Actor) -> Organization:
    """The organisation the actor acts for."""
    found = Organization.objects.filter(pk=actor.organization_id).first() if actor.organization_id else None
    if found is None:
        raise NotFound
    return found


def members(actor: Actor) -> QuerySet[Membership]:
    """The members of the actor's own organisation, with user and organisation."""
    if actor.organization_id is None:
        return Membership.objects.none()
    return Membership.objects.filter(organization_id=actor.organization_id).select_related("user", "organization")


def member(actor: Actor, pk: UUID | None) -> Membership:
    """A member of the actor's own organisation, with user and organisation."""
    found = members(actor).filter(pk=pk).first() if pk else None
    if found is None:
        raise NotFound
    return found


def own_memberships(actor: Actor) -> QuerySet[Membership]:
    """The memberships of the actor's own, in whatever state, oldest first; with organisations and roles."""
    if actor.user_id is None:
        return Membership.objects.none()
    own = Membership.objects.filter(user_id=actor.user_id).select_related("organization")
    return own.prefetch_related("roles__application").order_by("created_at", "id")


def own_membership(actor: Actor, pk: UUID) -> Membership:
    found = own_memberships(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def invitations(actor: Actor) -> QuerySet[Invitation]:
    """All invitations of the organisation for its administrators; for others with the right to invite, their own."""
    if actor.organization_id is None or not roles.may_invite(actor):
        return Invitation.objects.none()
    own = _with_inviter(Invitation.objects.filter(organization_id=actor.organization_id))
    return own if roles.is_administrator(actor) else own.filter(invited_by_id=actor.membership_id)


def invitation(actor: Actor, pk: UUID) -> Invitation:
    found = invitations(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def any_invitation(actor: Actor, pk: UUID) -> Invitation:
    """Any invitation, for operator staff."""
    found = _with_inviter(Invitation.objects.filter(pk=pk)).first() if actor.is_staff else None
    if found is None:
        raise NotFound
    return found


def invitation_of_token(token: Token) -> Invitation:
    """The invitation whose link this is, with who sent it; the token may have ended."""
    found = _with_inviter(Invitation.objects.filter(pk=token.subject_id)).prefetch_related("applications").first()
    if found is None:
        raise NotFound
    return found


def received_invitation(actor: Actor, pk: UUID, *, held: Collection[str] = ()) -> Invitation:
    """An invitation to the actor's organisation: sent to an active member of it, or one that a colleague may use and whose
    link the session holds (``held`` are the ids it was given). Never one of their own organisation.
    """
    if actor.organization_id is None:
        raise NotFound
    own = Membership.objects.filter(organization_id=actor.organization_id, state=MembershipState.ACTIVE)
    mine = Q(email__in=own.values(address=Lower("user__email")))
    if str(pk) in held:
        mine |= Q(colleague_allowed=True)
    others = Invitation.objects.filter(mine, pk=pk).exclude(organization_id=actor.organization_id)
    found = _with_inviter(others).prefetch_related("applications").first()
    if found is None:
        raise NotFound
    return found


def invitation_batch(actor: Actor, pk: UUID) -> InvitationBatch:
    """A file of invitations that the actor checked, and whose time is not over."""
    if actor.membership_id is None:
        raise NotFound
    own = InvitationBatch.objects.filter(made_by_id=actor.membership_id)
    found = own.filter(pk=pk, expires_at__gt=timezone.now()).first()
    if found is None:
        raise NotFound
    return found


def _with_inviter(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    return rows.select_related("organization", "invited_by__user", "invited_by_staff", "accepted_by")


def join_requests(actor: Actor) -> QuerySet[JoinRequest]:
    """What was asked of the actor's own organisation."""
    if actor.organization_id is None:
        return JoinRequest.objects.none()
    asked = JoinRequest.objects.filter(organization_id=actor.organization_id, requested_at__isnull=False)
    return asked.select_related("organization", "decided_by__user", "membership__user", "invitation")


def join_request(actor: Actor, pk: UUID) -> JoinRequest:
    found = join_requests(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def join_request_of_token(token: Token) -> JoinRequest:
    """The request whose link this is, with the organisation it names."""
    found = JoinRequest.objects.filter(pk=token.subject_id).select_related("organization", "membership__user").first()
    if found is None:
        raise NotFound
    return found


def registration_of_token(token: Token) -> Registration:
    """The registration whose link this is."""
    return _registration(Registration.objects.filter(pk=token.subject_id))


def mailed_start_of_token(token: Token) -> MailedStart:
    """What was asked for with this link, with its invitation; it is deleted a day after the asking."""
    found = MailedStart.objects.select_related("invitation__organization").filter(pk=token.subject_id).first()
    if found is None:
        raise NotFound
    return found


def held_registration(held: Collection[str], pk: UUID) -> Registration:
    """A registration that the session holds: ``held`` are the ids it was given."""
    return _registration(Registration.objects.filter(pk=pk) if str(pk) in held else Registration.objects.none())


def held_drafts(held: Collection[str]) -> QuerySet[Registration]:
    """The drafts among those that the session holds."""
    drafts = Registration.objects.filter(pk__in=list(held), state=RegistrationState.DRAFT)
    return drafts.select_related("invitation__organization").order_by("-created_at")


def administrator_of(registration: Registration, pk: UUID) -> RegistrationAdministrator:
    """A person whom this registration names."""
    found = RegistrationAdministrator.objects.filter(registration=registration, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def change_requests(actor: Actor) -> QuerySet[ChangeRequest]:
    """The change requests of the actor's own organisation; all of them for operator staff."""
    changes = ChangeRequest.objects.select_related(*CHANGE_RELATIONS)
    if actor.is_staff:
        return changes
    if actor.organization_id is None or not roles.is_administrator(actor):
        return changes.none()
    return changes.filter(organization_id=actor.organization_id)


def audit_events(actor: Actor, *, book: Book) -> QuerySet[AuditEvent]:
    """The events of the actor's own organisation, or of its members' accounts since they are its members."""
    if actor.organization_id is None or not roles.is_organization_administrator(actor):
        return AuditEvent.objects.none()
    if book is Book.ORGANIZATION:
        return AuditEvent.objects.filter(organization_id=actor.organization_id)
    members = Membership.objects.filter(organization_id=actor.organization_id).exclude(state=MembershipState.CLOSED)
    people = [str(key) for key in members.values_list("user_id", flat=True)]
    about = {"target_type": "accounts.User", "target_id__in": people}
    accounts = AuditEvent.objects.filter(organization_id__isnull=True, action__startswith="accounts.")
    theirs = Q(user_id=OuterRef("actor_id")) | Q(key=OuterRef("target_id"))
    since = members.annotate(key=Cast("user_id", TextField())).filter(theirs, created_at__lte=OuterRef("at"))
    return accounts.filter(Q(actor_id__in=people) | Q(**about)).filter(Exists(since))


def audit_event(actor: Actor, pk: UUID) -> AuditEvent:
    """One of these events, with its seal."""
    for book in Book:
        found = audit_events(actor, book=book).select_related("seal").filter(pk=pk).first()
        if found is not None:
            return found
    raise NotFound


def change_request(actor: Actor, pk: UUID) -> ChangeRequest:
    found = change_requests(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def registrations(actor: Actor) -> QuerySet[Registration]:
    """All that were ever submitted, for operator staff."""
    return Registration.objects.filter(submitted_at__isnull=False) if actor.is_staff else Registration.objects.none()


def registration(actor: Actor, pk: UUID) -> Registration:
    return _registration(registrations(actor).filter(pk=pk))


def any_organization(actor: Actor, pk: UUID) -> Organization:
    """Any organisation, for operator staff."""
    found = Organization.objects.filter(pk=pk).first() if actor.is_staff else None
    if found is None:
        raise NotFound
    return found


def organization_of_id(actor: Actor, organization_id: str) -> Organization | None:
    """The organisation that operator staff mean by an Organization ID; ``None`` where there is none."""
    return Organization.objects.filter(organization_id=organization_id).first() if actor.is_staff else None


def _registration(found: QuerySet[Registration]) -> Registration:
    registration = found.select_related(
        "invitation__organization", "invitation__invited_by__user", "invitation__invited_by_staff"
    ).first()
    if registration is None:
        raise NotFound
    return registration
