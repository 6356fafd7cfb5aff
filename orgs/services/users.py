"""The users of an organisation, as its Organization Administrator makes and looks after them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts import queries as people_queries
from accounts.models import User
from accounts.services import one_time_passwords, people, profiles
from core import outbox
from core.actor import Actor
from core.errors import Invalid
from orgs import access, policies, queries
from orgs.models import Membership, Organization
from orgs.services import initial_secrets, memberships

TAKEN = (
    "A user with this address cannot be added. Check the spelling; if it is right, ask the operator’s support for help."
)


@dataclass(frozen=True, slots=True)
class HandOver:
    """A user and the One-Time Password to tell them. The secret is nowhere else: show it once."""

    membership: Membership
    one_time_password: str


def add(
    actor: Actor,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str = "",
    one_time_password: str | None = None,
    can_invite: bool = False,
) -> HandOver:
    """Make a new user of the actor's organisation; ``one_time_password`` is generated for ``None``.

    Raises ``NotAllowed``, and ``Invalid`` for an address already known and for a secret below the password policy.
    """
    organization = access.organization(actor)
    policies.can_manage_members(actor, organization.id).enforce()
    secret = initial_secrets.choose(one_time_password, first_name=first_name, last_name=last_name, email=email)
    _refuse_known(organization, email)
    with transaction.atomic():
        user = people.create(actor, first_name=first_name, last_name=last_name, email=email, phone=phone)
        membership = memberships.enrol(actor, user=user, organization=organization, can_invite=can_invite)
        one_time_passwords.issue(actor, user=user, secret_hash=one_time_passwords.hash_of(secret))
        _tell_user("orgs/mail/activate_account", membership, actor)
    return HandOver(membership, secret)


def reissue(actor: Actor, *, membership: Membership, one_time_password: str | None = None) -> HandOver:
    """Give a user a new One-Time Password: an own password and all sessions end, and they go through First-Time Login.

    Raises ``NotAllowed`` where the person belongs to another organisation too, and ``Conflict`` for a suspended account.
    """
    user = membership.user
    organizations = queries.organizations_of(user)
    policies.can_reissue_one_time_password(actor, membership, organizations=organizations).enforce()
    secret = initial_secrets.choose(
        one_time_password, first_name=user.first_name, last_name=user.last_name, email=user.email
    )
    with transaction.atomic():
        one_time_passwords.issue(actor, user=user, secret_hash=one_time_passwords.hash_of(secret))
        _tell_user("orgs/mail/one_time_password_reissued", membership, actor)
    return HandOver(membership, secret)


def correct_name(actor: Actor, *, membership: Membership, first_name: str, last_name: str) -> User:
    """Spell the name of a user otherwise. Raises ``NotAllowed``, and ``Invalid`` beside the field."""
    organizations = queries.organizations_of(membership.user)
    policies.can_correct_name(actor, membership, organizations=organizations).enforce()
    return profiles.correct_name(actor, user=membership.user, first_name=first_name, last_name=last_name)


def _refuse_known(organization: Organization, email: str) -> None:
    known = people_queries.user_by_email(email)
    if known is None:
        return
    if Membership.objects.filter(user=known, organization=organization).exists():
        raise Invalid(fields={"email": f"{known.full_name} is already a user of your organisation with this address."})
    raise Invalid(fields={"email": TAKEN})


def _tell_user(template: str, membership: Membership, actor: Actor) -> None:
    administrator = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    outbox.enqueue(
        template,
        to=membership.user.email,
        context={
            "first_name": membership.user.first_name,
            "user_id": membership.user.user_id,
            "company": membership.organization.legal_name,
            "days": settings.ONE_TIME_PASSWORD_LIFETIME.days,
            "administrator": administrator.full_name if administrator else "",
            "administrator_email": administrator.email if administrator else "",
        },
        links={"first_login": outbox.Link("accounts:first-time-login")},
        organization_id=membership.organization_id,
    )
