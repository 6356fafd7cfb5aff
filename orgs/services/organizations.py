"""An organisation as a whole: kept out, let in again, closed for good by operator staff; signed out also by its own."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.services import sessions
from core import audit, states, texts
from core.actor import Actor
from orgs import policies, queries
from orgs.models import Membership, MembershipState, Organization, Role
from orgs.services import change_notices, change_requests, locks, matching


@transaction.atomic
def suspend(actor: Actor, organization: Organization, *, reason: str) -> Organization:
    """Keep all members out until it is reactivated; their sessions end, roles and access are kept.

    Raises ``Invalid`` without a reason, ``NotAllowed``, and ``Conflict`` unless it is active.
    """
    locked = _lock(actor, organization, reason)
    told = _administrators(locked)
    states.advance(locked, "suspend", actor=actor, reason=reason)
    matching.organization_changed(locked)
    _end_sessions(actor, locked, reason=f"{locked} is suspended: {reason}")
    change_notices.tell_of_state(locked, told, template="organization_suspended", reason=reason)
    return locked


@transaction.atomic
def reactivate(actor: Actor, organization: Organization, *, reason: str) -> Organization:
    """Let the members in again, with the roles they had. Raises as ``suspend`` does, ``Conflict`` unless it is suspended."""
    locked = _lock(actor, organization, reason)
    states.advance(locked, "reactivate", actor=actor, reason=reason)
    matching.organization_changed(locked)
    change_notices.tell_of_state(locked, _administrators(locked), template="organization_reactivated", reason=reason)
    return locked


@transaction.atomic
def close(actor: Actor, organization: Organization, *, reason: str) -> Organization:
    """End a suspended organisation for good; what it asked for is withdrawn, and its rows stay.

    Raises as ``suspend`` does, ``Conflict`` unless it is suspended.
    """
    locked = _lock(actor, organization, reason)
    told = _administrators(locked)
    states.advance(locked, "close", actor=actor, reason=reason)
    matching.organization_changed(locked)
    change_requests.withdraw_all(actor, locked, reason="The organisation is closed.")
    _end_sessions(actor, locked, reason=f"{locked} is closed: {reason}")
    change_notices.tell_of_state(locked, told, template="organization_closed", reason=reason)
    return locked


@transaction.atomic
def end_sessions(actor: Actor, organization: Organization, *, reason: str) -> Organization:
    """Sign out everybody in it but the actor; they may sign in again at once.

    Raises ``NotAllowed``, and ``Invalid`` without a reason.
    """
    policies.can_sign_everybody_out(actor, organization.pk).enforce()
    reason = texts.required(reason, missing="Say why, in a sentence: it goes into the audit trail.")
    audit.record(actor, "orgs.organization.end_sessions", organization, reason=reason, organization_id=organization.pk)
    _end_sessions(actor, organization, reason=reason)
    return organization


def _lock(actor: Actor, organization: Organization, reason: str) -> Organization:
    policies.can_stop_organization(actor, is_member=queries.is_member(organization, actor.user_id)).enforce()
    texts.required(reason, missing="Say why, in a sentence: the administrators read it.")
    return locks.organization(organization.pk)


def _administrators(organization: Organization) -> list[User]:
    """Those who can act for it, also while it is suspended."""
    holders = queries.role_holders(organization, Role.OA)
    reachable = holders.filter(state=MembershipState.ACTIVE, user__state__in=queries.REACHABLE)
    return [membership.user for membership in reachable]


def _end_sessions(actor: Actor, organization: Organization, *, reason: str) -> None:
    members = Membership.objects.filter(organization=organization).exclude(state=MembershipState.CLOSED)
    if actor.user_id:
        members = members.exclude(user_id=actor.user_id)
    for membership in members.select_related("user").order_by("user_id").iterator():
        sessions.end_all(actor, user=membership.user, reason=reason)
