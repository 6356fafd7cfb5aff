"""Access: a member asks, an Application Administrator of the same organisation decides; nobody decides their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

import orgs.queries
from accounts.services import access_tokens
from core import states, tokens
from core.actor import Actor
from core.errors import Conflict, DomainError
from core.policies import refused
from orgs.models import Application, Membership, Role
from sft import policies, queries
from sft.models import AccessGrant, SubscriptionState
from sft.services import mails
from sft.services.reasons import required_reason


@transaction.atomic
def request(actor: Actor, *, application: Application) -> AccessGrant:
    """Ask for access for oneself; the Application Administrators are told.

    Raises ``Conflict`` when one asked before, and ``NotAllowed`` without an active subscription or with an access already.
    """
    standing = queries.standing(actor, application.code)
    if standing.grant and policies.is_waiting(standing.grant):
        raise Conflict("You have asked for this already. You get a mail when it is decided.")
    policies.can_request_access(actor, standing.subscription, standing.grant).enforce()
    member = Membership.objects.select_related("user", "organization").get(pk=queries.member_id(actor))
    grant = states.advance(
        _row(member, application), "request", actor=actor, since=timezone.now(), decided_by=None, refusal_reason=""
    )
    for administrator in _who_decides(grant):
        mails.access_requested(grant, administrator)
    return grant


@transaction.atomic
def approve(actor: Actor, *, grant: AccessGrant) -> AccessGrant:
    """Give the access that was asked for and tell the member.

    Raises ``NotAllowed`` for anybody but an Application Administrator of the member's organisation, for the member, and
    while the subscription is not active; ``Conflict`` when somebody has decided already.
    """
    policies.can_administer_access(actor, grant).enforce()
    _require_subscription(grant)
    _decided(actor, grant, "approve")
    mails.access_granted(grant)
    return grant


@transaction.atomic
def deny(actor: Actor, *, grant: AccessGrant, reason: str) -> AccessGrant:
    """Refuse the access that was asked for and tell the member why. Raises as ``approve``, and ``Invalid`` without reason."""
    policies.can_administer_access(actor, grant).enforce()
    _decided(actor, grant, "deny", reason=required_reason(reason))
    mails.access_denied(grant)
    return grant


@transaction.atomic
def suspend(actor: Actor, *, grant: AccessGrant, reason: str) -> AccessGrant:
    """Stop an access for now, with the uploads that run under it and the programs that send, and tell the member why.

    Raises as ``deny``.
    """
    policies.can_administer_access(actor, grant).enforce()
    _decided(actor, grant, "suspend", reason=required_reason(reason))
    tokens.revoke_owned_by(grant.membership.user_id)
    access_tokens.revoke_all(actor, user=grant.membership.user, reason="Access suspended")
    mails.access_suspended(grant)
    return grant


@transaction.atomic
def unsuspend(actor: Actor, *, grant: AccessGrant) -> AccessGrant:
    """Give a suspended access back and tell the member. Raises as ``approve``."""
    policies.can_administer_access(actor, grant).enforce()
    _decided(actor, grant, "unsuspend")
    mails.access_restored(grant)
    return grant


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of several requests: those decided now, and a sentence for each that was not."""

    done: tuple[AccessGrant, ...]
    refusals: tuple[str, ...]


def approve_all(actor: Actor, *, grants: Sequence[AccessGrant]) -> Decided:
    """Approve several requests. One that cannot be approved any more leaves the others as they are."""
    return _each(grants, lambda grant: approve(actor, grant=grant))


def deny_all(actor: Actor, *, grants: Sequence[AccessGrant], reason: str) -> Decided:
    """Deny several requests for one reason. Raises ``Invalid`` without it, before any is decided."""
    why = required_reason(reason)
    return _each(grants, lambda grant: deny(actor, grant=grant, reason=why))


def grant(actor: Actor, *, membership: Membership, application: Application) -> AccessGrant:
    """Active access that another service has decided on. What is active or suspended stays so. Needs a transaction."""
    row = _row(membership, application)
    if states.permits(row, "grant"):
        states.advance(row, "grant", actor=actor, since=timezone.now(), refusal_reason="")
    elif states.permits(row, "approve"):
        states.advance(row, "approve", actor=actor, since=timezone.now(), refusal_reason="")
    return row


def _row(membership: Membership, application: Application) -> AccessGrant:
    rows = AccessGrant.objects.select_related("membership__user", "membership__organization", "application")
    row, _ = rows.get_or_create(membership=membership, application=application)
    return row


def _decided(actor: Actor, grant: AccessGrant, action: str, *, reason: str = "") -> None:
    decider = Membership.objects.select_related("user").filter(pk=queries.member_id(actor)).first()
    states.advance(
        grant,
        action,
        actor=actor,
        reason=reason,
        data={"user_id": grant.membership.user.user_id, "application": grant.application.code},
        since=timezone.now(),
        decided_by=decider,
        refusal_reason=reason,
    )


def _require_subscription(grant: AccessGrant) -> None:
    standing = queries.standing_of(
        organization_id=grant.membership.organization_id,
        membership_id=grant.membership_id,
        code=grant.application.code,
    )
    if standing.subscription is None or standing.subscription.state != SubscriptionState.ACTIVE:
        refused("Access can be given once your organisation’s subscription is active again.").enforce()


def _who_decides(grant: AccessGrant) -> list[Membership]:
    """The Application Administrators without the member; where there is none, who can appoint one."""
    organization = grant.membership.organization
    deciders = orgs.queries.administrators(organization, Role.AA, grant.application)
    others = [member for member in deciders if member.pk != grant.membership_id]
    return others or list(orgs.queries.administrators(organization, Role.OA))


def _each(grants: Sequence[AccessGrant], decide: Callable[[AccessGrant], AccessGrant]) -> Decided:
    done: list[AccessGrant] = []
    refusals: list[str] = []
    for grant in grants:
        try:
            done.append(decide(grant))
        except DomainError as refusal:
            refusals.append(f"{grant.membership.user.full_name}: {refusal.sentence}")
    return Decided(tuple(done), tuple(refusals))
