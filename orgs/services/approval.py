"""The operator's decision on a registration: approve, add to an existing organisation, or deny; once, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import UserState
from core import audit, outbox, states, texts
from core.actor import Actor
from core.errors import Conflict, DomainError
from orgs import queries
from orgs.models import DenialCode, Membership, Organization, OrganizationState, Registration, RegistrationState, Role
from orgs.ports import NamedAdministrator, onboarding_listener
from orgs.services import admissions, deciders, invitations, locks, matching, partnerships
from orgs.services.registrations import letters

NO_REASON = "Say why, in a sentence: the registrant reads it."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of several registrations that were decided together; ``refusal`` is empty where it was done."""

    registration: Registration
    refusal: str = ""
    organization: Organization | None = None


def approve(actor: Actor, registration: Registration) -> Organization | None:
    """Make the organisation, its administrators and the partnership with whoever invited it, and tell them all.

    With ``FOUR_EYES_APPROVAL`` the first of two approvals is only recorded, and returns ``None``; the second has to be
    somebody else's. People who are new get a User ID and the One-Time Password chosen in the wizard, whose clock starts now.
    Raises ``NotAllowed``, and ``Conflict`` for the second of two decisions.
    """
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        deciders.standing(actor, locked).approve.enforce()
        if _waits_for_a_second(locked):
            _record_first(actor, locked)
            return None
        organization = Organization.objects.create(**locked.profile())
        states.advance(locked, "approve", actor=actor, organization=organization, **_decided_by(actor))
        states.advance(organization, "activate", actor=actor)
        named = admissions.as_administrators(actor, organization, locked)
        _accept_invitation(actor, locked, organization)
        onboarding_listener().organization_approved(
            actor,
            organization=organization,
            applications=list(locked.applications.all()),
            administrators=named,
        )
        _close(locked)
        _tell_contact_of_approval(locked, named)
        matching.organization_changed(organization)
    return organization


def take_back(actor: Actor, registration: Registration) -> Registration:
    """Withdraw one's own first approval. Raises ``Conflict`` when there is none, or the second came meanwhile."""
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        if locked.state != RegistrationState.SUBMITTED or locked.first_approved_by_id != actor.user_id:
            raise Conflict("There is no approval of yours that could be taken back.")
        forget_first_approval(locked)
        audit.record(actor, "orgs.registration.take_back", locked)
    return locked


def deny(actor: Actor, registration: Registration, *, reason: str, code: DenialCode = DenialCode.OTHER) -> Registration:
    """Refuse it and mail the reason to the registrant. Raises ``Invalid`` without one, ``NotAllowed`` and ``Conflict``."""
    reason = texts.required(reason, missing=NO_REASON)
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        standing = deciders.standing(actor, locked)
        standing.deny.enforce()
        states.advance(
            locked,
            "deny",
            actor=actor,
            reason=reason,
            data={"code": code.value, "decider_is_named": not standing.work},
            denial_code=code,
            denial_reason=reason,
            **_decided_by(actor),
        )
        _close(locked)
        letters.to_registrant("orgs/mail/registration_denied", locked, reason=reason)
    return locked


def merge(actor: Actor, registration: Registration, *, organization: Organization) -> Organization:
    """Add the people it names to ``organization`` instead of making a new one, as members without any role.

    Whatever roles were asked for is the existing Organization Administrators' to give: they are told by mail who came and
    what was asked. Raises ``NotAllowed``, and ``Conflict`` for a second decision and for an organisation that is not active
    or has no Organization Administrator who could look after newcomers.
    """
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        deciders.standing(actor, locked).work.enforce()
        target = locks.organization(organization.pk)
        administrators = _administrators_of(target)
        states.advance(
            locked,
            "merge",
            actor=actor,
            data={"organization": target.organization_id},
            organization=target,
            **_decided_by(actor),
        )
        newcomers = admissions.as_members(actor, target, locked)
        _accept_invitation(actor, locked, target)
        _close(locked)
        for administrator in administrators:
            _tell_administrator_of_merge(locked, target, administrator, newcomers)
        letters.to_registrant(
            "orgs/mail/registration_merged_contact",
            locked,
            company=target.legal_name,
            administrators=[administrator.user.full_name for administrator in administrators],
        )
    return target


def approve_many(actor: Actor, registrations: Iterable[Registration]) -> list[Outcome]:
    """Approve each in a transaction of its own; one that cannot be approved does not keep the others waiting."""
    return [_outcome(registration, lambda one: approve(actor, one)) for registration in registrations]


def deny_many(
    actor: Actor, registrations: Iterable[Registration], *, reason: str, code: DenialCode = DenialCode.OTHER
) -> list[Outcome]:
    """Deny each, with the same reason, in a transaction of its own. Raises ``Invalid`` without a reason."""
    reason = texts.required(reason, missing=NO_REASON)
    return [
        _outcome(registration, lambda one: deny(actor, one, reason=reason, code=code)) for registration in registrations
    ]


def forget_first_approval(registration: Registration) -> None:
    """The next approval is the first again. Needs a transaction that holds the row."""
    registration.first_approved_by, registration.first_approved_at = None, None
    registration.save(update_fields=["first_approved_by", "first_approved_at"])


def _waits_for_a_second(registration: Registration) -> bool:
    """Whether this approval is the first of two. That of somebody who no longer works for the operator does not count."""
    if not settings.FOUR_EYES_APPROVAL or not states.permits(registration, "approve"):
        return False
    first = registration.first_approved_by
    return first is None or not first.is_staff or first.state != UserState.ACTIVE


def _record_first(actor: Actor, registration: Registration) -> None:
    registration.first_approved_by_id, registration.first_approved_at = actor.user_id, timezone.now()
    registration.save(update_fields=["first_approved_by", "first_approved_at"])
    audit.record(actor, "orgs.registration.approve_first", registration)


def _administrators_of(organization: Organization) -> list[Membership]:
    if organization.state != OrganizationState.ACTIVE:
        raise Conflict(f"{organization} is not active, so nobody can be added to it.")
    administrators = list(queries.administrators(organization, Role.OA))
    if not administrators:
        raise Conflict(
            f"{organization} has no Organization Administrator who could look after newcomers. Let it have one first, by a "
            "change of its administrators."
        )
    return administrators


def _accept_invitation(actor: Actor, registration: Registration, organization: Organization) -> None:
    if registration.invitation is None:
        return
    if registration.invitation.organization:
        partnerships.make(organization, registration.invitation.organization)
    invitations.accept(actor, registration.invitation, organization=organization)


def _close(registration: Registration) -> None:
    """It holds no secret any more and waits for nobody."""
    registration.administrators.update(one_time_password_hash="")
    matching.forget(registration)


def _decided_by(actor: Actor) -> dict[str, Any]:
    return {"decided_at": timezone.now(), "decided_by_id": actor.user_id}


def _outcome(registration: Registration, decide: Callable[[Registration], object]) -> Outcome:
    try:
        decided = decide(registration)
    except DomainError as refusal:
        return Outcome(registration, refusal.summary)
    return Outcome(registration, organization=decided if isinstance(decided, Organization) else None)


def _tell_contact_of_approval(registration: Registration, named: list[NamedAdministrator]) -> None:
    """The registrant hears of it too where they are not an administrator themselves."""
    administrators = {entry.membership.user.email: entry.membership.user.full_name for entry in named}
    if registration.contact_email.lower() not in administrators:
        letters.to_registrant(
            "orgs/mail/registration_approved_contact", registration, administrators=list(administrators.values())
        )


def _tell_administrator_of_merge(
    registration: Registration, organization: Organization, administrator: Membership, newcomers: list[Membership]
) -> None:
    asked = {
        person.email.lower(): admissions.roles_asked_for(person)
        for person in queries.administrators_named(registration).prefetch_related("administered")
    }
    outbox.enqueue(
        "orgs/mail/registration_merged_administrators",
        to=administrator.user.email,
        context={
            "first_name": administrator.user.first_name,
            "company": organization.legal_name,
            "registered_as": registration.legal_name,
            "contact": registration.contact_name,
            "contact_email": registration.contact_email,
            "newcomers": [
                {
                    "name": member.user.full_name,
                    "email": member.user.email,
                    "user_id": member.user.user_id,
                    "asked_for": asked[member.user.email],
                }
                for member in newcomers
            ],
            "applications": [application.name for application in registration.applications.all()],
        },
        links={"users": outbox.Link("orgs:users")},
        organization_id=organization.id,
        about=registration.id,
    )
