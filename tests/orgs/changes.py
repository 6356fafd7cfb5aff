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
