"""Asking for changes of ``aurora``, as its Organization Administrator does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.actor import Actor
from orgs import profile_changes
from orgs.models import ChangeRequest, Membership, Organization
from orgs.services import change_requests, profiles
from tests.orgs import world as worlds
from tests.orgs.world import World

WHY = "We have moved; see the register."
QUEUE = "/admin/orgs/changerequest/"
SAVED = {
    "legal_name": "Aurora Aerospace & Sons",
    "country": "US",
    "address_line_1": "1200 Skyline Drive",
    "city": "Wichita",
    "region": "Kansas",
    "postal_code": "67202",
    "phone": "+13162650123",
}


def profile_of(organization: Organization) -> dict[str, Any]:
    return profile_changes.as_json(organization.profile())


def edit(
    world: World, *, actor: Actor | None = None, message: str = WHY, seen: str | None = None, **changes: Any
) -> profiles.Edited:
    """Save the profile with ``changes``."""
    organization = Organization.objects.get(pk=world.aurora.pk)
    return profiles.edit(
        actor or worlds.acting(world.inviter),
        organization=organization,
        profile={**organization.profile(), **changes},
        message=message,
        seen=seen,
    )


def change_profile(world: World, **changes: Any) -> ChangeRequest:
    """The request that saving the profile with ``changes`` makes."""
    request = edit(world, **changes).request
    assert request is not None
    return request


def ask_for(
    world: World,
    *,
    actor: Actor | None = None,
    appoint: Sequence[Membership] = (),
    dismiss: Sequence[Membership] = (),
) -> ChangeRequest:
    return change_requests.ask_for_administrators(
        actor or worlds.acting(world.inviter),
        organization=world.aurora,
        message=WHY,
        appoint=appoint,
        dismiss=dismiss,
    )


def replace(world: World, **changes: Any) -> ChangeRequest:
    """Staff ask to make the employee administrator in place of the inviter."""
    options = {"appoint": [world.employee], "dismiss": [world.inviter], "message": WHY, **changes}
    return change_requests.ask_for_administrators(world.operator, organization=world.aurora, **options)


def with_profile(world: World) -> World:
    """``world`` with a profile that a form takes as it is."""
    Organization.objects.filter(pk=world.aurora.pk).update(**SAVED)
    world.aurora.refresh_from_db()
    return world


def act(change: ChangeRequest, verb: str) -> str:
    """The address of a button of the operator's."""
    return f"{QUEUE}{change.pk}/{verb}/"
