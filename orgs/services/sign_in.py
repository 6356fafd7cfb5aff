"""What this room answers to the floor below: who may sign in and with what, who looks after them, and what happens when a
new user has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.formats import date_format

from accounts import notifications
from accounts.models import FactorReset, User
from accounts.ports import Contact, FactorRule
from accounts.proofs import EVERY_KIND, FactorKind
from core import outbox
from core.actor import Actor
from core.policies import ALLOWED, Decision, refused
from orgs import policies, queries
from orgs.models import Membership, MembershipState, OrganizationState, Role, SecondFactorRule
from orgs.notifications import FIRST_LOGINS

# What counts where the operator has said nothing.
UNTOLD = FactorRule(required=True)
# A passkey cannot be told to a page that only looks like ours.
STRONGEST = frozenset({FactorKind.PASSKEY.value})


class MembersOnly:
    """Lets in the operator's staff, and people with an active membership in an active organisation."""

    def may_sign_in(self, user: User) -> bool:
        if user.is_staff:
            return True
        memberships = Membership.objects.filter(
            user=user, state=MembershipState.ACTIVE, organization__state=OrganizationState.ACTIVE
        )
        return memberships.exists()


class StoredRules:
    """The operator's rule and those of the organisations somebody is a member of; the strictest of each counts.

    The operator's staff need a second factor from their first sign-in on, whatever the rule says (ASVS 5.0, 6.3.3).
    """

    def rule_for(self, user: User) -> FactorRule:
        of_operator = Q(organization__isnull=True, application__isnull=True)
        of_organizations = Q(
            organization__memberships__user=user, organization__memberships__state=MembershipState.ACTIVE
        )
        rule = strictest(SecondFactorRule.objects.filter(of_operator | of_organizations).distinct())
        if user.is_staff and settings.STAFF_NEED_SECOND_FACTOR:
            return replace(rule, required=True, grace=timedelta(0))
        return rule


def strictest(rows: Iterable[SecondFactorRule]) -> FactorRule:
    """One rule out of several. Where no kind is allowed by all of them, the stronger one counts: no rule weakens another."""
    found = list(rows)
    by_operator = any(row.organization_id is None and row.application_id is None for row in found)
    rules = [_as_rule(row) for row in found] + ([] if by_operator else [UNTOLD])
    kinds = frozenset.intersection(*(rule.kinds for rule in rules))
    required = [rule for rule in rules if rule.required]
    return FactorRule(
        required=bool(required),
        kinds=kinds or STRONGEST,
        passkey_alone=all(rule.passkey_alone for rule in rules),
        grace=min((rule.grace for rule in required), default=timedelta(0)),
    )


def _as_rule(row: SecondFactorRule) -> FactorRule:
    return FactorRule(
        required=row.required,
        kinds=frozenset(row.kinds) & EVERY_KIND or EVERY_KIND,
        passkey_alone=row.passkey_alone,
        grace=timedelta(days=row.grace_days),
    )


class OrganizationAdministrators:
    """Looks after people through the memberships they have."""

    def contacts_of(self, user: User) -> Sequence[Contact]:
        return [
            Contact(
                name=administrator.user.full_name,
                email=administrator.user.email,
                company=membership.organization.legal_name,
                user=administrator.user,
                page=_page_of(membership),
            )
            for membership, administrator in _administered(user)
        ]

    def can_look_after(self, actor: Actor, user: User) -> Decision:
        if actor.user_id == user.id:
            return refused("You cannot do this to your own account. Ask somebody else with your role.")
        if actor.is_staff:
            return ALLOWED
        if actor.organization_id is None or user.is_staff:
            return refused("This is for the Organization Administrators of this person.")
        members = Membership.objects.filter(
            user=user, organization_id=actor.organization_id, state=MembershipState.ACTIVE
        )
        if not members.exists():
            return refused("This is for the Organization Administrators of this person.")
        return policies.can_manage_members(actor, actor.organization_id)

    def factor_reset_asked(self, reset: FactorReset) -> None:
        self._tell("orgs/mail/factor_reset_asked", reset)

    def factor_reset_done(self, reset: FactorReset) -> None:
        self._tell("orgs/mail/factor_reset_done", reset)

    def _tell(self, template: str, reset: FactorReset) -> None:
        until = date_format(reset.expires_at, "j F Y")
        for membership, administrator in _administered(reset.user):
            _tell(template, membership, administrator, about=reset.id, until=until)


class FirstLoginNotice:
    """Tells the Organization Administrators that a user they expected has arrived."""

    def first_login_completed(self, user: User) -> None:
        for membership, administrator in _administered(user):
            if notifications.wants(administrator.user, FIRST_LOGINS):
                _tell("orgs/mail/first_login_completed", membership, administrator)


def _administered(user: User) -> Iterator[tuple[Membership, Membership]]:
    """Each active membership of ``user`` with each of its Organization Administrators other than themselves."""
    for membership in queries.active_members().filter(user=user).select_related("organization", "user"):
        for administrator in queries.administrators(membership.organization, Role.OA).exclude(user=user):
            yield membership, administrator


def _tell(
    template: str, membership: Membership, administrator: Membership, *, about: UUID | None = None, **words: str
) -> None:
    """Mail an administrator about the user of ``membership``."""
    user = membership.user
    outbox.enqueue(
        template,
        to=administrator.user.email,
        context={
            "first_name": administrator.user.first_name,
            "user": user.full_name,
            "user_id": user.user_id,
            "email": user.email,
            "company": membership.organization.legal_name,
            **words,
        },
        links={"user": _page_of(membership)},
        organization_id=membership.organization_id,
        about=about,
    )


def _page_of(membership: Membership) -> outbox.Link:
    return outbox.Link("orgs:user", kwargs={"pk": str(membership.pk)})
