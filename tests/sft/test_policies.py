"""The pure rules, over every state there is."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from core.actor import Actor, ActorKind
from core.policies import ALLOWED, refused
from orgs.models import Application, Membership
from sft import policies
from sft.models import (
    AccessGrant,
    AccessGrantState,
    Package,
    PackageFile,
    PackageState,
    Recipient,
    Subscription,
    SubscriptionState,
)

USER, MEMBER, ORGANIZATION = uuid4(), uuid4(), uuid4()
SENDER = Actor(kind=ActorKind.USER, label="engele_1", user_id=USER, membership_id=MEMBER, organization_id=ORGANIZATION)


def package(state: str) -> Package:
    sender = Membership(id=MEMBER, user=User(id=USER), organization_id=ORGANIZATION)
    return Package(state=state, sender=sender)


@pytest.mark.parametrize("subscription", [None, *SubscriptionState])
@pytest.mark.parametrize("grant", [None, *AccessGrantState])
def test_only_active_access_under_an_active_subscription_opens(
    subscription: SubscriptionState | None, grant: AccessGrantState | None
) -> None:
    decision = policies.can_open(
        Subscription(state=subscription) if subscription else None, AccessGrant(state=grant) if grant else None
    )
    assert decision.allowed == (subscription == "active" and grant == "active")
    assert decision or decision.reason


@pytest.mark.parametrize("state", PackageState)
def test_only_a_draft_can_be_changed_and_only_by_its_sender(state: PackageState) -> None:
    assert policies.can_edit(SENDER, package(state)).allowed == (state == PackageState.DRAFT)
    stranger = Actor(kind=ActorKind.USER, label="x", user_id=uuid4(), membership_id=uuid4())
    for other in (stranger, Actor.anonymous(), Actor.system("sweep")):
        assert not policies.can_edit(other, package(state))


@pytest.mark.parametrize("state", PackageState)
def test_bytes_come_until_all_have_arrived(state: PackageState) -> None:
    open_states = {PackageState.DRAFT, PackageState.UPLOADING, PackageState.PROCESSING}
    made = package(state)
    assert policies.can_upload(SENDER, made, may_open=ALLOWED, sender_is_active=True).allowed == (state in open_states)
    assert not policies.can_upload(SENDER, made, may_open=refused("Suspended."), sender_is_active=True)
    assert not policies.can_upload(SENDER, made, may_open=ALLOWED, sender_is_active=False)
    assert not policies.can_upload(Actor.anonymous(), made, may_open=ALLOWED, sender_is_active=True)


@pytest.mark.parametrize("state", PackageState)
def test_recipients_download_what_is_delivered_and_nothing_else(state: PackageState) -> None:
    verified, missing = PackageFile(stored_at=timezone.now()), PackageFile()
    assert policies.can_download(package(state), Recipient(), verified).allowed == (state == PackageState.DELIVERED)
    assert policies.can_download(package(state), None, verified).allowed == (state != PackageState.PURGED)
    assert not policies.can_download(package(state), Recipient(), missing)
    assert not policies.can_download(package(state), None, missing)


@pytest.mark.parametrize(
    ("roles", "same_organisation", "own", "allowed"),
    [
        ({"aa:sft"}, True, False, True),
        ({"aa:other"}, True, False, False),
        ({"oa"}, True, False, False),
        (set(), True, False, False),
        ({"aa:sft"}, False, False, False),
        ({"aa:sft"}, True, True, False),
    ],
)
def test_access_is_administered_by_the_applications_administrator_for_others(
    roles: set[str], same_organisation: bool, own: bool, allowed: bool
) -> None:
    actor = Actor(
        kind=ActorKind.USER,
        label="averya_1",
        user_id=USER,
        membership_id=MEMBER,
        organization_id=ORGANIZATION,
        roles=frozenset(roles),
    )
    member = Membership(
        user_id=USER if own else uuid4(), organization_id=ORGANIZATION if same_organisation else uuid4()
    )
    grant = AccessGrant(membership=member, application=Application(code="sft"))
    assert policies.can_administer_access(actor, grant).allowed == allowed
