"""Sensitive changes of an active organisation: asked for by its administrators or by staff, and waiting for the operator.

A request is never rewritten. Who changes their mind replaces it, so nobody approves what they have not seen
(docs/decisions/0014-changes.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import queries as people_queries
from core import audit, states, texts, throttles
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.throttles import FailMode, Limit
from orgs import access, business_days, policies, profile_changes, queries
from orgs.models import (
    ChangeRequest,
    ChangeRequestState,
    MatchKind,
    Membership,
    Organization,
    OrganizationState,
    Role,
)
from orgs.profile_changes import Changes
from orgs.services import change_notices, claims, locks, matching, memberships

APPOINT, DISMISS = "appoint", "dismiss"
REQUESTS_A_DAY = Limit("change requests of an organisation", "50/day", FailMode.OPEN)
MATCHED_BY = {
    MatchKind.UEI: {"uei"},
    MatchKind.CAGE: {"cage"},
    MatchKind.DUNS: {"duns"},
    MatchKind.TAX_ID: {"tax_id", "country"},
    MatchKind.DOMAIN: {"email_domains"},
    MatchKind.NAME: {"legal_name", "country"},
}
WHY = "Say why, in a sentence or two: the operator checks it."


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is to administer an organisation and has no membership in it yet."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""


def open_profile_request(organization: Organization) -> ChangeRequest | None:
    """The change of the profile that waits; the database allows one."""
    return queries.open_changes(organization).filter(administrators=[]).first()


def ask_for_profile(actor: Actor, organization: Organization, *, changes: Changes, message: str) -> ChangeRequest:
    """Ask the operator for ``changes`` of the profile; another request that waits is replaced.

    ``organization`` is locked and the actor allowed to edit it. Asking for the same again changes nothing. Raises
    ``Invalid`` without a message, and ``Conflict`` where what waits is not the actor's to withdraw.
    """
    message = texts.required(message, field="message", missing=WHY)
    earlier = open_profile_request(organization)
    if earlier and (earlier.profile, earlier.message) == (changes, message):
        return earlier
    if earlier:
        _give_way(actor, earlier, reason="Replaced by another request.")
    return _create(
        actor,
        organization,
        message=message,
        profile=changes,
        assigned_to=earlier.assigned_to if earlier else None,
    )


def take_back_profile(actor: Actor, organization: Organization) -> ChangeRequest | None:
    """Withdraw what waits for the profile, because nothing is to change any more. ``organization`` is locked."""
    earlier = open_profile_request(organization)
    return _give_way(actor, earlier, reason="The profile is to stay as it is.") if earlier else None


@transaction.atomic
def ask_for_administrators(
    actor: Actor,
    *,
    organization: Organization,
    message: str,
    appoint: Sequence[Membership | Newcomer] = (),
    dismiss: Sequence[Membership] = (),
) -> ChangeRequest:
    """Ask the operator to appoint and dismiss Organization Administrators, all of it or nothing.

    Raises ``NotAllowed``, ``Invalid`` without a message or for an address that cannot be used, and ``Conflict`` when the
    person is no candidate for it, the last administrator would go, or the same already waits.
    """
    policies.can_change_administrators(actor, organization).enforce()
    locked = locks.organization(organization.pk)
    refuse_inactive(locked)
    message = texts.required(message, field="message", missing=WHY)
    entries = [
        *(_appointment(locked, candidate) for candidate in appoint),
        *(_dismissal(locked, membership) for membership in dismiss),
    ]
    if not entries:
        raise Invalid("Choose whom to appoint or to dismiss.")
    _refuse_twice(locked, entries)
    if dismiss and not appoint:
        leaving = [membership.pk for membership in dismiss]
        memberships.keep_one_organization_administrator(locked, without=leaving)
    return _create(actor, locked, message=message, administrators=entries)


@transaction.atomic
def withdraw(actor: Actor, change: ChangeRequest) -> ChangeRequest:
    """Take a request back before it is decided. Raises ``NotAllowed``, and ``Conflict`` where it was decided meanwhile."""
    policies.can_withdraw_change(actor, change).enforce()
    locks.organization(change.organization_id)
    return _withdraw(actor, change, reason="")


def withdraw_all(actor: Actor, organization: Organization, *, reason: str) -> None:
    """End everything that waits, because the organisation does. Needs a transaction that holds the organisation."""
    for change in queries.open_changes(organization):
        _withdraw(actor, change, reason=reason)


@transaction.atomic
def claim(actor: Actor, change: ChangeRequest, *, force: bool = False) -> ChangeRequest:
    """Take it on; twice is as good as once. ``force`` takes it over from a colleague.

    Raises ``NotAllowed``, and ``Conflict`` when a colleague has it, or when it no longer waits.
    """
    policies.can_see_changes(actor).enforce()
    locked = _waiting(change)
    claims.take(actor, locked, force=force)
    return locked


@transaction.atomic
def release(actor: Actor, change: ChangeRequest) -> ChangeRequest:
    """Give it back to whoever takes it next. Raises ``Conflict`` when it is not the actor's."""
    policies.can_see_changes(actor).enforce()
    locked = _waiting(change)
    claims.give_back(actor, locked)
    return locked


def likenesses(change: ChangeRequest) -> list[matching.Likeness]:
    """The organisations that this one would resemble by what is to change: a name, a domain or an identifier."""
    if not change.profile:
        return []
    wanted = profile_changes.applied(change.organization, change.profile)
    future = Organization(pk=change.organization_id, **wanted)
    changed = set(change.profile)
    kinds = {kind for kind, names in MATCHED_BY.items() if names & changed}
    return [alike for alike in matching.organizations_like(future) if alike.kind in kinds]


def _waiting(change: ChangeRequest) -> ChangeRequest:
    locked = queries.changes().select_for_update(no_key=True, of=("self",)).get(pk=change.pk)
    if locked.state != ChangeRequestState.REQUESTED:
        raise Conflict("This change no longer waits for a decision. Look at it again to see how it stands.")
    return locked


def refuse_inactive(organization: Organization) -> None:
    """Raise ``Conflict`` unless the organisation is active."""
    if organization.state != OrganizationState.ACTIVE:
        raise Conflict(f"{organization} is {organization.get_state_display().lower()}, so nothing of it changes now.")


def _create(actor: Actor, organization: Organization, **fields: Any) -> ChangeRequest:
    throttles.hit(REQUESTS_A_DAY, str(organization.pk))
    now = timezone.now()
    asked_by = (
        {"requested_by_staff_id": actor.user_id}
        if actor.is_staff
        else {"requested_by": access.member(actor, actor.membership_id)}
    )
    change = ChangeRequest.objects.create(
        organization=organization,
        created_at=now,
        due_at=business_days.due(now, settings.REVIEW_BUSINESS_DAYS),
        **asked_by,
        **fields,
    )
    audit.record(
        actor,
        "orgs.changerequest.request",
        change,
        reason=change.message,
        data={"profile": change.profile, "administrators": change.administrators},
        organization_id=organization.id,
    )
    change_notices.tell_of_request(change)
    return change


def _withdraw(actor: Actor, change: ChangeRequest, *, reason: str) -> ChangeRequest:
    return states.advance(change, "withdraw", actor=actor, reason=reason, decided_at=timezone.now())


def _give_way(actor: Actor, earlier: ChangeRequest, *, reason: str) -> ChangeRequest:
    """Withdraw a request for the sake of another. Members and staff do not undo what the other asked for."""
    if not policies.can_withdraw_change(actor, earlier):
        raise Conflict("Somebody else has asked for a change of the profile. It has to be decided or withdrawn first.")
    return _withdraw(actor, earlier, reason=reason)


def _appointment(organization: Organization, candidate: Membership | Newcomer) -> dict[str, Any]:
    if isinstance(candidate, Newcomer):
        _refuse_known(organization, candidate.email)
        name = f"{candidate.first_name} {candidate.last_name}".strip()
        return {"membership": None, "name": name, "action": APPOINT, "person": asdict(candidate)}
    if not queries.active_members().filter(pk=candidate.pk, organization=organization).exists():
        raise Conflict(
            "Only an active user of the organisation can become its administrator. Unsuspend this user first."
        )
    if queries.holds(candidate, Role.OA):
        raise Conflict(f"{candidate.user.full_name} is Organization Administrator already.")
    return _entry(candidate, APPOINT)


def _dismissal(organization: Organization, membership: Membership) -> dict[str, Any]:
    if membership.organization_id != organization.pk or not queries.holds(membership, Role.OA):
        raise Conflict(f"{membership.user.full_name} is not Organization Administrator.")
    return _entry(membership, DISMISS)


def _entry(membership: Membership, action: str) -> dict[str, Any]:
    return {"membership": str(membership.pk), "name": membership.user.full_name, "action": action}


def _refuse_known(organization: Organization, email: str) -> None:
    known = people_queries.user_by_email(email)
    if known and known.is_staff:
        raise Invalid(fields={"email": "Operator staff cannot be an administrator of an organisation."})
    if known and Membership.objects.filter(user=known, organization=organization).exists():
        raise Invalid(fields={"email": f"{known.full_name} is a user of the organisation already. Choose them above."})


def _refuse_twice(organization: Organization, entries: list[dict[str, Any]]) -> None:
    waiting = [entry for change in queries.open_changes(organization) for entry in change.administrators]
    for entry in entries:
        if any(_who(entry) == _who(other) for other in waiting):
            raise Conflict(
                f"A change for {entry['name']} waits for the operator already. Withdraw it to ask for another."
            )


def _who(entry: dict[str, Any]) -> str:
    return entry["membership"] or str(entry["person"]["email"])
