"""An invitation whose addressee has a MAG account: accepted with it, or passed on to who can accept it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from core import audit, outbox, throttles
from core.actor import Actor
from core.errors import Conflict, SignInRequired
from core.policies import Decision, refused
from core.throttles import FailMode, Limit
from orgs import access, policies, queries
from orgs.dates import in_words
from orgs.models import Application, Invitation, Membership, Organization, Role
from orgs.ports import subscription_directory
from orgs.services import locks, partnerships
from orgs.services.invitations import course, letters, obstacles

PASSING_ON = Limit("invitations passed on by one member", "10/day", FailMode.CLOSED)


@dataclass(frozen=True, slots=True)
class Reception:
    """How an invitation stands to the actor's organisation.

    ``usable`` are the invited applications it may use already, ``askable`` those that accepting asks the operator for,
    ``waiting`` those that it waits for. ``administrators`` are those to whom it can be passed on.
    """

    organization: Organization
    is_partner: bool
    usable: Sequence[Application]
    askable: Sequence[Application]
    waiting: Sequence[Application]
    may_accept: Decision
    administrators: Sequence[Membership]


def reception(actor: Actor, invitation: Invitation) -> Reception:
    """What accepting would do, and who may."""
    organization = access.organization(actor)
    applications = list(invitation.applications.all())
    directory = subscription_directory()
    subscribed = directory.subscribed(organization)
    missing = [application for application in applications if application.pk not in subscribed]
    askable = list(directory.askable(organization, missing))
    inviting = invitation.organization
    return Reception(
        organization=organization,
        is_partner=inviting is not None and partnerships.exists(organization, inviting),
        usable=[application for application in applications if application.pk in subscribed],
        askable=askable,
        waiting=[application for application in missing if application not in askable],
        may_accept=_may_accept(actor, askable),
        administrators=list(queries.administrators(organization, Role.OA).exclude(user_id=_person(actor).pk)),
    )


def accept(actor: Actor, invitation: Invitation) -> Reception:
    """Collaborate with the inviter: partnership, and the subscriptions that are missing are asked for.

    The invitation is one that ``access.received_invitation`` gave the actor. Raises ``NotAllowed``, and ``Conflict`` for an
    invitation that has ended or with which somebody registers an organisation.
    """
    with transaction.atomic():
        locked = locks.invitation(invitation.pk)
        course.mark_opened(actor, locked)
        obstacles.refuse_submitted(locked)
        if not locked.is_open:
            raise Conflict("This invitation has ended. Ask whoever sent it for a new one.")
        received = reception(actor, locked)
        received.may_accept.enforce()
        if locked.organization:
            partnerships.make(received.organization, locked.organization)
        subscription_directory().ask_for(actor, applications=received.askable)
        course.accept(actor, locked, organization=received.organization)
        audit.record(
            actor,
            "orgs.organization.accept_invitation",
            received.organization,
            data={"invitation": str(locked.pk), "partner": str(locked.organization_id or "")},
        )
        _tell_inviter(actor, locked, received)
    return received


def pass_on(actor: Actor, invitation: Invitation) -> Sequence[Membership]:
    """Mail the invitation to the Organization Administrators of the actor's organisation; returns them.

    Raises ``Conflict`` where it has ended or there is nobody else, and ``TooMany``.
    """
    if not invitation.is_open:
        raise Conflict("This invitation has ended. Ask whoever sent it for a new one.")
    received = reception(actor, invitation)
    if not received.administrators:
        raise Conflict(
            "Your organisation has no other Organization Administrator. Ask the operator’s support for help."
        )
    throttles.hit(PASSING_ON, str(actor.user_id))
    with transaction.atomic():
        audit.record(actor, "orgs.invitation.pass_on", invitation, organization_id=actor.organization_id)
        person = _person(actor)
        for administrator in received.administrators:
            _pass_on(invitation, administrator, person)
    return received.administrators


def _may_accept(actor: Actor, askable: Sequence[Application]) -> Decision:
    decision = policies.can_accept_invitation(actor)
    if decision and askable and not actor.has(Role.OA):
        names = ", ".join(application.name for application in askable)
        return refused(
            f"Your organisation is not subscribed to {names} yet, and asking for that is the Organization Administrator’s. "
            "Pass the invitation on to one."
        )
    return decision


def _tell_inviter(actor: Actor, invitation: Invitation, received: Reception) -> None:
    letters.tell(
        "orgs/mail/invitation_accepted",
        invitation,
        organization=received.organization.legal_name,
        person=_person(actor).full_name,
        is_partner=invitation.organization is not None,
        waiting=[application.name for application in (*received.askable, *received.waiting)],
    )


def _pass_on(invitation: Invitation, administrator: Membership, person: User) -> None:
    outbox.enqueue(
        "orgs/mail/invitation_passed_on",
        to=administrator.user.email,
        language=administrator.user.language,
        context={
            "first_name": administrator.user.first_name,
            "organization": invitation.inviting_company,
            "applications": [application.name for application in invitation.applications.all()],
            "person": person.full_name,
            "person_email": person.email,
            "expires": in_words(invitation.expires_at),
        },
        links={"invitation": outbox.Link("orgs:received-invitation", kwargs={"pk": str(invitation.pk)})},
        organization_id=administrator.organization_id,
        about=invitation.id,
    )


def _person(actor: Actor) -> User:
    if actor.user_id is None:
        raise SignInRequired
    return User.objects.get(pk=actor.user_id)
