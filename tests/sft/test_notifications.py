"""Mails of this room that people do without, by their own choice."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services import profiles
from core.models import Mail
from orgs.models import Membership
from sft.models import PackageState
from sft.notifications import ACCESS_REQUESTS, PACKAGES
from sft.services import access, delivery
from tests.sft.uploading import add_upload, tell_stored
from tests.sft.world import World, acting, asking, draft

pytestmark = pytest.mark.django_db


def does_without(member: Membership, code: str) -> None:
    """``member`` switches off one kind as the page does, with everything else as it was."""
    everything = {PACKAGES, ACCESS_REQUESTS}
    user = User.objects.get(pk=member.user_id)
    profiles.choose_notifications(acting(member), user=user, wanted=everything - {code})


def told(template: str) -> int:
    return Mail.objects.filter(template=f"sft/mail/{template}").count()


@pytest.mark.parametrize("switched_off", [False, True])
def test_a_package_arrives_with_or_without_a_mail(world: World, switched_off: bool) -> None:
    if switched_off:
        does_without(world.recipient, PACKAGES)
    package = draft(world)
    tell_stored(add_upload(world, package))
    delivery.send(acting(world.sender), package=package)
    package.refresh_from_db()
    assert package.state == PackageState.DELIVERED
    assert told("package_received") == (0 if switched_off else 1)


@pytest.mark.parametrize("switched_off", [False, True])
def test_a_request_waits_with_or_without_a_mail(world: World, switched_off: bool) -> None:
    if switched_off:
        does_without(world.decider, ACCESS_REQUESTS)
    grant = asking(world.newcomer)
    assert told("access_requested") == (0 if switched_off else 1)
    access.deny(acting(world.decider), grant=grant, reason="Not on this project.")
    assert told("access_denied") == 1


def test_what_somebody_decided_about_ones_access_is_always_told(world: World) -> None:
    User.objects.filter(pk=world.newcomer.user_id).update(
        muted_notices=[PACKAGES, ACCESS_REQUESTS, "sft.access_granted"]
    )
    access.approve(acting(world.decider), grant=asking(world.newcomer))
    assert told("access_granted") == 1
