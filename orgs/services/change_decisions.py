"""The operator's decision on a change of an organisation: once, and in one transaction with what it changes."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import queries as people_queries
from accounts.models import User
from accounts.services import people
from core import audit, states, texts
from core.actor import Actor
from core.errors import Conflict
from orgs import policies, profile_changes, queries
from orgs.models import ChangeRequest, Membership, Organization, Role
from orgs.services import change_notices, locks, matching, memberships
from orgs.services.change_requests import APPOINT, refuse_inactive


@transaction.atomic
def approve(actor: Actor, change: ChangeRequest) -> ChangeRequest:
    """Carry the change out and tell the administrators and whom it concerns.

    Raises ``NotAllowed`` for whoever asked for it and for members of the organisation, and ``Conflict`` where it was
    decided or withdrawn meanwhile, where the organisation is not active, or where it no longer fits what is there.
    """
    organization, locked = _lock(actor, change)
    refuse_inactive(organization)
    _decide(actor, locked, "approve")
    if locked.profile:
        _apply_profile(actor, organization, locked)
        concerned: list[User] = []
    else:
        concerned = _apply_administrators(actor, organization, locked)
    locked.organization = organization
    change_notices.tell_of_decision(locked, template="change_approved", concerned=concerned)
    return locked


@transaction.atomic
def deny(actor: Actor, change: ChangeRequest, *, reason: str) -> ChangeRequest:
    """Leave everything as it is and mail the reason. Raises ``Invalid`` without one, ``NotAllowed`` and ``Conflict``."""
    reason = texts.required(reason, missing="Say why, in a sentence: the administrators read it.")
    _, locked = _lock(actor, change)
    _decide(actor, locked, "deny", reason=reason)
    change_notices.tell_of_decision(locked, template="change_denied")
    return locked


def _lock(actor: Actor, change: ChangeRequest) -> tuple[Organization, ChangeRequest]:
    """Both rows, the organisation first as everywhere, and the right to decide."""
    organization = locks.organization(change.organization_id)
    locked = queries.changes().select_for_update(no_key=True, of=("self",)).get(pk=change.pk)
    is_member = queries.is_member(organization, actor.user_id)
    policies.can_decide_change(actor, locked, is_member=is_member).enforce()
    return organization, locked


def _decide(actor: Actor, change: ChangeRequest, action: str, *, reason: str = "") -> None:
    states.advance(
        change,
        action,
        actor=actor,
        reason=reason,
        decision_reason=reason,
        decided_at=timezone.now(),
        decided_by_id=actor.user_id,
    )


def _apply_profile(actor: Actor, organization: Organization, change: ChangeRequest) -> None:
    stale = [entry for entry in profile_changes.shown(change.profile, organization=organization) if entry.is_stale]
    if stale:
        raise Conflict(" ".join(_stale_in_words(entry) for entry in stale) + " Deny this and say so.")
    write_profile(actor, organization, changes=change.profile)


def _stale_in_words(entry: profile_changes.ShownChange) -> str:
    before, now = entry.before or "–", entry.now or "–"
    return f"“{entry.label}” has changed since this was asked for: it was “{before}” and is now “{now}”."


def write_profile(actor: Actor, organization: Organization, *, changes: profile_changes.Changes) -> None:
    """Write decided ``changes`` to a locked organisation, with what was and what is into the audit trail."""
    for name, change in changes.items():
        setattr(organization, name, change["to"])
    # The key by which a name is found again is written by save() where it is among the fields.
    organization.save(update_fields=[*changes, "name_key"])
    audit.record(
        actor, "orgs.organization.edit", organization, data={"changes": changes}, organization_id=organization.id
    )
    if profile_changes.to_confirm(changes):
        matching.organization_changed(organization)


def _apply_administrators(actor: Actor, organization: Organization, change: ChangeRequest) -> list[User]:
    """Appoint and dismiss; whoever was dismissed, for the mail. The new ones have a mail of their own."""
    dismissed = []
    for entry in change.administrators:
        if entry["action"] == APPOINT:
            _appoint(actor, organization, entry)
        else:
            dismissed.append(_dismiss(actor, organization, entry))
    # Two of the operator's people may hand an organisation over to somebody who has yet to sign in; members may not.
    memberships.keep_one_organization_administrator(organization, signed_in=change.requested_by_staff_id is None)
    return dismissed


def _appoint(actor: Actor, organization: Organization, entry: dict[str, Any]) -> None:
    is_new = False
    if entry["membership"]:
        membership = queries.active_members().filter(organization=organization, pk=entry["membership"]).first()
    else:
        membership, is_new = _newcomer(actor, organization, entry["person"])
    if membership is None:
        raise Conflict(f"{entry['name']} is not an active user of {organization} any more. Deny this and say so.")
    memberships.assign(actor, membership=membership, role=Role.OA)
    change_notices.tell_appointed(membership.user, organization, is_new=is_new)


def _newcomer(actor: Actor, organization: Organization, person: dict[str, str]) -> tuple[Membership | None, bool]:
    """Their membership, and whether the person is new to the gateway too. Who exists keeps everything they have."""
    known = people_queries.user_by_email(person["email"])
    if known and (known.is_staff or known.state not in queries.REACHABLE):
        return None, False
    user = known or people.create(actor, **person)
    membership = memberships.enrol(actor, user=user, organization=organization)
    is_active = queries.active_members().filter(pk=membership.pk).exists()
    return (membership if is_active else None), known is None


def _dismiss(actor: Actor, organization: Organization, entry: dict[str, Any]) -> User:
    membership = Membership.objects.select_related("user").get(organization=organization, pk=entry["membership"])
    memberships.unassign(actor, membership=membership, role=Role.OA)
    return membership.user
