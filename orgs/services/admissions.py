"""How the people whom a registration names become users and members of an organisation, and hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from accounts import queries as people_queries
from accounts.models import User
from accounts.services import one_time_passwords, people
from core import outbox
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import queries
from orgs.models import Membership, Organization, Registration, RegistrationAdministrator, Role
from orgs.ports import NamedAdministrator
from orgs.services import memberships

# For each way in: the mail to somebody who is new, and to somebody who has an account already.
APPROVED = ("orgs/mail/registration_approved", "orgs/mail/registration_approved_known")
MERGED = ("orgs/mail/registration_merged", "orgs/mail/registration_merged_known")


def as_administrators(actor: Actor, organization: Organization, registration: Registration) -> list[NamedAdministrator]:
    """Make everybody to whom ``registration`` gives a role an administrator of ``organization``. Needs a transaction.

    People who are new get a User ID and the One-Time Password chosen in the wizard, whose clock starts now. Somebody who has
    an account becomes a member with it and keeps their password. Raises ``Conflict`` for somebody who cannot be let in.
    """
    return [
        entry
        for person in _named(registration)
        for entry in _make_administrator(actor, organization, registration, person)
    ]


def as_members(actor: Actor, organization: Organization, registration: Registration) -> list[Membership]:
    """The same people as members without any role; returns those who were not members before. Needs a transaction.

    Somebody who is a member already stays what they are, suspended too: an administrator has decided that.
    """
    members = set(Membership.objects.filter(organization=organization).values_list("user__email", flat=True))
    newcomers = []
    for person in _named(registration):
        if person.email.lower() in members:
            continue
        user, is_new = _user(actor, person)
        newcomers.append(memberships.enrol(actor, user=user, organization=organization))
        _tell(registration, organization, user, template=MERGED[0 if is_new else 1])
    return newcomers


def roles_asked_for(person: RegistrationAdministrator) -> list[str]:
    """What the registration asks for ``person``, in words."""
    asked = [_in_words(Role.AA, application.name) for application in person.administered.all()]
    return [_in_words(Role.OA), *asked] if person.is_organization_administrator else asked


def _named(registration: Registration) -> Sequence[RegistrationAdministrator]:
    """By address, so that two decisions that name the same new people make them in one order and wait in line."""
    people = queries.administrators_named(registration).prefetch_related("administered")
    return sorted(people, key=lambda person: person.email.lower())


def _make_administrator(
    actor: Actor, organization: Organization, registration: Registration, person: RegistrationAdministrator
) -> list[NamedAdministrator]:
    user, is_new = _user(actor, person)
    membership = memberships.enrol(actor, user=user, organization=organization)
    named = [NamedAdministrator(membership, Role.AA, application) for application in person.administered.all()]
    if person.is_organization_administrator:
        named.insert(0, NamedAdministrator(membership, Role.OA))
    for entry in named:
        memberships.assign(actor, membership=membership, role=entry.role, application=entry.application)
    _tell(
        registration,
        organization,
        user,
        template=APPROVED[0 if is_new else 1],
        roles=[_in_words(entry.role, entry.application.name if entry.application else "") for entry in named],
        applications=[application.name for application in registration.applications.all()],
    )
    return named


def _user(actor: Actor, person: RegistrationAdministrator) -> tuple[User, bool]:
    """The user that ``person`` becomes, and whether they are new. Nobody's password is changed by a registration."""
    known = people_queries.user_by_email(person.email)
    if known is None:
        try:
            return _new_user(actor, person), True
        except Invalid:
            # Another decision may have made the same person in this moment.
            known = people_queries.user_by_email(person.email)
            if known is None:
                raise
    if known.is_staff:
        raise Conflict(f"{known.full_name} is operator staff and cannot be an administrator of an organisation.")
    if known.state not in queries.REACHABLE:
        raise Conflict(
            f"The account of {known.full_name} is {known.get_state_display().lower()}, so they cannot be an administrator. "
            "Let them in again first, or deny this registration and say whom else to name."
        )
    return known, False


def _new_user(actor: Actor, person: RegistrationAdministrator) -> User:
    user = people.create(
        actor,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        phone=person.phone,
    )
    one_time_passwords.issue(actor, user=user, secret_hash=person.one_time_password_hash)
    return user


def _tell(registration: Registration, organization: Organization, user: User, *, template: str, **more: Any) -> None:
    outbox.enqueue(
        template,
        to=user.email,
        context={
            "first_name": user.first_name,
            "user_id": user.user_id,
            "company": organization.legal_name,
            "organization_id": organization.organization_id,
            "contact": registration.contact_name,
            "days": settings.ONE_TIME_PASSWORD_LIFETIME.days,
            "has_password": user.has_usable_password(),
            "is_contact": user.email == registration.contact_email.lower(),
            **more,
        },
        links={"first_login": outbox.Link("accounts:first-time-login"), "sign_in": outbox.Link("accounts:sign-in")},
        organization_id=organization.id,
        language=registration.language,
        about=registration.id,
    )


def _in_words(role: Role, application: str = "") -> str:
    return f"{role.label} ({application})" if application else str(role.label)
