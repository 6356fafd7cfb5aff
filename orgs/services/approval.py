"""The operator's decision on a registration: approve or deny, once, each in one transaction."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import queries as people_queries
from accounts.models import User
from accounts.services import one_time_passwords, people
from core import outbox, states
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import policies, queries
from orgs.models import Organization, Partnership, Registration, RegistrationAdministrator, Role
from orgs.ports import NamedAdministrator, onboarding_listener
from orgs.services import invitations, memberships
from orgs.services.registrations.submission import status_link

MAIL_TO_NEW, MAIL_TO_KNOWN = "orgs/mail/registration_approved", "orgs/mail/registration_approved_known"


def approve(actor: Actor, registration: Registration) -> Organization:
    """Make the organisation, its administrators and the partnership with whoever invited it, and tell them all.

    People who are new get a User ID and the One-Time Password chosen in the wizard, whose clock starts now. Somebody who has
    an account already becomes a member with it, and keeps their password. Raises ``NotAllowed``, and ``Conflict`` for the
    second of two decisions.
    """
    with transaction.atomic():
        locked = _lock(actor, registration)
        organization = Organization.objects.create(**locked.profile())
        states.advance(
            locked,
            "approve",
            actor=actor,
            organization=organization,
            decided_at=timezone.now(),
            decided_by_id=actor.user_id,
        )
        states.advance(organization, "activate", actor=actor)
        named = [
            named
            for person in locked.administrators.prefetch_related("administered")
            for named in _make_administrator(actor, organization, locked, person)
        ]
        if locked.invitation:
            if locked.invitation.organization:
                _make_partners(organization, locked.invitation.organization)
            invitations.accept(actor, locked.invitation)
        onboarding_listener().organization_approved(
            actor,
            organization=organization,
            applications=list(locked.applications.all()),
            administrators=named,
        )
        _forget_secrets(locked)
        _tell_contact(locked, named)
    return organization


def deny(actor: Actor, registration: Registration, *, reason: str) -> Registration:
    """Refuse it and mail the reason to the registrant. Raises ``Invalid`` without one, ``NotAllowed`` and ``Conflict``."""
    reason = reason.strip()
    if not reason:
        raise Invalid(fields={"reason": "Say why, in a sentence: the registrant reads it."})
    with transaction.atomic():
        locked = _lock(actor, registration)
        states.advance(
            locked,
            "deny",
            actor=actor,
            reason=reason,
            denial_reason=reason,
            decided_at=timezone.now(),
            decided_by_id=actor.user_id,
        )
        _forget_secrets(locked)
        outbox.enqueue(
            "orgs/mail/registration_denied",
            to=locked.contact_email,
            context={
                "first_name": locked.contact_first_name,
                "company": locked.legal_name,
                "reason": reason,
            },
            links={"status": status_link(locked)},
        )
    return locked


def _lock(actor: Actor, registration: Registration) -> Registration:
    rows = Registration.objects.select_for_update(of=("self",)).select_related("invitation__organization")
    locked = rows.get(pk=registration.pk)
    decider = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    policies.can_decide(
        actor,
        locked,
        decider_email=decider.email if decider else "",
        named_emails=[person.email for person in queries.administrators_named(locked)],
    ).enforce()
    return locked


def _make_administrator(
    actor: Actor, organization: Organization, registration: Registration, person: RegistrationAdministrator
) -> list[NamedAdministrator]:
    administered = list(person.administered.all())
    if not administered and not person.is_organization_administrator:
        return []
    user, is_new = _user(actor, person)
    membership = memberships.enrol(actor, user=user, organization=organization)
    named = [NamedAdministrator(membership, Role.AA, application) for application in administered]
    if person.is_organization_administrator:
        named.insert(0, NamedAdministrator(membership, Role.OA))
    for entry in named:
        memberships.assign(actor, membership=membership, role=entry.role, application=entry.application)
    _tell_administrator(registration, organization, user, named, template=MAIL_TO_NEW if is_new else MAIL_TO_KNOWN)
    return named


def _user(actor: Actor, person: RegistrationAdministrator) -> tuple[User, bool]:
    """The user that ``person`` becomes, and whether they are new. Nobody's password is changed by a registration."""
    known = people_queries.user_by_email(person.email)
    if known is None:
        user = people.create(
            actor,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            phone=person.phone,
        )
        one_time_passwords.issue(actor, user=user, secret_hash=person.one_time_password_hash)
        return user, True
    if known.is_staff:
        raise Conflict(f"{known.full_name} is operator staff and cannot be an administrator of an organisation.")
    if known.state not in queries.REACHABLE:
        raise Conflict(
            f"The account of {known.full_name} is {known.get_state_display().lower()}, so they cannot be an administrator. "
            "Let them in again first, or deny this registration and say whom else to name."
        )
    return known, False


def _make_partners(one: Organization, other: Organization) -> None:
    Partnership.objects.bulk_create(
        [Partnership(organization=one, partner=other), Partnership(organization=other, partner=one)],
        ignore_conflicts=True,
    )


def _forget_secrets(registration: Registration) -> None:
    registration.administrators.update(one_time_password_hash="")


def _tell_administrator(
    registration: Registration,
    organization: Organization,
    user: User,
    named: list[NamedAdministrator],
    *,
    template: str,
) -> None:
    outbox.enqueue(
        template,
        to=user.email,
        context={
            "first_name": user.first_name,
            "user_id": user.user_id,
            "company": organization.legal_name,
            "organization_id": organization.organization_id,
            "roles": [_role_in_words(entry) for entry in named],
            "applications": [application.name for application in registration.applications.all()],
            "contact": registration.contact_name,
            "days": settings.ONE_TIME_PASSWORD_LIFETIME.days,
            "has_password": user.has_usable_password(),
            "is_contact": user.email == registration.contact_email.lower(),
        },
        links={"first_login": outbox.Link("accounts:first-time-login"), "sign_in": outbox.Link("accounts:sign-in")},
        organization_id=organization.id,
    )


def _tell_contact(registration: Registration, named: list[NamedAdministrator]) -> None:
    """The registrant hears of it too where they are not an administrator themselves."""
    administrators = {entry.membership.user.email: entry.membership.user.full_name for entry in named}
    if registration.contact_email.lower() in administrators:
        return
    outbox.enqueue(
        "orgs/mail/registration_approved_contact",
        to=registration.contact_email,
        context={
            "first_name": registration.contact_first_name,
            "company": registration.legal_name,
            "administrators": list(administrators.values()),
        },
        links={"status": status_link(registration)},
    )


def _role_in_words(entry: NamedAdministrator) -> str:
    if entry.application is None:
        return str(entry.role.label)
    return f"{entry.role.label} ({entry.application.name})"
