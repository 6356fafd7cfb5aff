"""The profile of an active organisation: what is nobody else's business is written at once, the rest goes to the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core.actor import Actor
from core.errors import Conflict
from orgs import policies, profile_changes
from orgs.models import ChangeRequest, Organization
from orgs.services import change_decisions, change_requests, locks

CHANGED_MEANWHILE = (
    "Somebody else changed the profile while you were editing it. Compare what you typed with the organisation’s page, then "
    "save again."
)


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of an edit: the fields ``written`` at once, and the request that waits for the operator, if any."""

    written: tuple[str, ...]
    request: ChangeRequest | None


def wanted(organization: Organization) -> dict[str, Any]:
    """The profile as its administrators want it: what holds, with what waits for the operator; plain values."""
    waiting = change_requests.open_profile_request(organization)
    return profile_changes.applied(organization, waiting.profile if waiting else {})


def version(organization: Organization) -> str:
    """By which ``edit`` knows that nothing happened since a page was shown."""
    waiting = change_requests.open_profile_request(organization)
    return profile_changes.fingerprint(profile_changes.as_json(organization.profile()), waiting and waiting.pk)


@transaction.atomic
def edit(
    actor: Actor, *, organization: Organization, profile: Mapping[str, Any], message: str = "", seen: str | None = None
) -> Edited:
    """Make the profile what ``profile``, all of its fields, says.

    Sensitive fields that differ become the one request that waits; without any, an earlier request is withdrawn. ``seen`` is
    the ``version`` that the editor started from. Raises ``NotAllowed``, ``Invalid`` where a reason is missing, and
    ``Conflict`` when the organisation is not active or has changed since ``seen``.
    """
    policies.can_edit_organization(actor, organization).enforce()
    locked = locks.organization(organization.pk)
    change_requests.refuse_inactive(locked)
    if seen is not None and seen != version(locked):
        raise Conflict(CHANGED_MEANWHILE, code="changed_meanwhile")
    changes = profile_changes.differences(locked, profile)
    asked = profile_changes.to_confirm(changes)
    at_once = {name: change for name, change in changes.items() if name not in asked}
    if at_once:
        change_decisions.write_profile(actor, locked, changes=at_once)
    if asked:
        request = change_requests.ask_for_profile(actor, locked, changes=asked, message=message)
    else:
        change_requests.take_back_profile(actor, locked)
        request = None
    return Edited(tuple(at_once), request)
