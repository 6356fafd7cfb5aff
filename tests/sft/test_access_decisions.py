"""Access: a member asks, an Application Administrator of the same organisation decides, exactly once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.services import access_tokens
from core import outbox, tokens
from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.models import AuditEvent, Mail
from orgs.models import Role
from sft import access as loading
from sft.models import AccessGrant, AccessGrantState, Subscription
from sft.services import access, subscriptions
from tests.concurrency import at_once
from tests.sft import world as worlds
from tests.sft.world import World, acting, asking, operator, sft

pytestmark = pytest.mark.django_db


def mails(template: str) -> list[Mail]:
    return list(Mail.objects.filter(template=f"sft/mail/{template}"))


def test_a_member_requests_and_the_application_administrator_is_told(world: World) -> None:
    grant = asking(world.newcomer)
    assert grant.state == AccessGrantState.PENDING_AA
    (mail,) = mails("access_requested")
    assert mail.to == world.decider.user.email
    assert "/administration/requests/" in outbox.render(mail).text
    assert "Noah Lindqvist" in outbox.render(mail).subject


def test_requesting_twice_makes_one_request(world: World) -> None:
    asking(world.newcomer)
    with pytest.raises(Conflict, match="already"):
        asking(world.newcomer)
    assert len(mails("access_requested")) == 1


def test_nothing_is_requested_without_an_active_subscription(world: World) -> None:
    subscription = Subscription.objects.get(organization=world.aurora)
    subscriptions.suspend(operator(), subscription=subscription, reason="Unpaid.")
    with pytest.raises(NotAllowed, match="once your organisation’s subscription is active"):
        asking(world.newcomer)
    subscriptions.reactivate(operator(), subscription=subscription)
    assert asking(world.newcomer).state == AccessGrantState.PENDING_AA


def test_approval_gives_access_and_tells_the_member(world: World) -> None:
    grant = access.approve(acting(world.decider), grant=asking(world.newcomer))
    assert (grant.state, grant.decided_by) == (AccessGrantState.ACTIVE, world.decider)
    (mail,) = mails("access_granted")
    rendered = outbox.render(mail)
    assert mail.to == world.newcomer.user.email
    assert "Open Application" in rendered.text
    assert "/home/" in rendered.html
    event = AuditEvent.objects.get(action="sft.accessgrant.approve")
    assert (event.organization_id, event.actor_label) == (world.aurora.pk, world.decider.user.user_id)


def test_denial_needs_a_reason_which_the_member_reads(world: World) -> None:
    grant = asking(world.newcomer)
    with pytest.raises(Invalid) as refusal:
        access.deny(acting(world.decider), grant=grant, reason=" \n ")
    assert list(refusal.value.fields) == ["reason"]
    assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.PENDING_AA
    access.deny(acting(world.decider), grant=grant, reason="You work on another programme.")
    (mail,) = mails("access_denied")
    assert "You work on another programme." in outbox.render(mail).text
    assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.DENIED


def test_a_denied_member_can_ask_again(world: World) -> None:
    grant = asking(world.newcomer)
    access.deny(acting(world.decider), grant=grant, reason="Not yet.")
    again = asking(world.newcomer)
    assert (again.pk, again.state, again.refusal_reason) == (grant.pk, AccessGrantState.PENDING_AA, "")


@pytest.mark.parametrize("who", ["owner", "sender", "newcomer", "recipient", "stranger", "strange_decider"])
def test_nobody_but_the_own_application_administrator_decides(world: World, who: str) -> None:
    grant = asking(world.newcomer)
    intruder = acting(getattr(world, who))
    with pytest.raises(NotAllowed):
        access.approve(intruder, grant=grant)
    with pytest.raises(NotAllowed):
        access.deny(intruder, grant=grant, reason="No.")
    assert access.approve(acting(world.decider), grant=grant).state == AccessGrantState.ACTIVE


def test_operator_staff_do_not_decide_for_an_organisation(world: World) -> None:
    with pytest.raises(NotAllowed):
        access.approve(operator(), grant=asking(world.newcomer))


def test_nobody_decides_on_their_own_request(world: World) -> None:
    administrator = worlds.member(world.aurora, "Anna", Role.AA)
    grant = asking(administrator)
    with pytest.raises(NotAllowed, match="Nobody decides on their own"):
        access.approve(acting(administrator), grant=grant)
    assert access.approve(acting(world.decider), grant=grant).state == AccessGrantState.ACTIVE


def test_the_only_administrators_request_goes_to_those_who_can_appoint_another(world: World) -> None:
    AccessGrant.objects.filter(membership=world.decider).delete()
    asking(world.decider)
    (mail,) = mails("access_requested")
    assert mail.to == world.owner.user.email


def test_deciding_twice_is_a_conflict(world: World) -> None:
    grant = asking(world.newcomer)
    stale = AccessGrant.objects.get(pk=grant.pk)
    access.deny(acting(world.decider), grant=grant, reason="No.")
    with pytest.raises(Conflict):
        access.approve(acting(world.decider), grant=stale)
    assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.DENIED
    assert not mails("access_granted")


def test_several_are_decided_at_once_and_one_that_was_decided_does_not_stop_the_others(world: World) -> None:
    first, second = asking(world.newcomer), asking(worlds.member(world.aurora, "Nora"))
    stale = loading.grants(acting(world.decider), [first.pk, second.pk])
    access.deny(acting(world.decider), grant=first, reason="No.")
    decided = access.approve_all(acting(world.decider), grants=stale)
    assert [grant.pk for grant in decided.done] == [second.pk]
    assert len(decided.refusals) == 1
    assert "Noah Lindqvist" in decided.refusals[0]


def test_a_suspension_needs_a_reason_and_ends_at_once(world: World) -> None:
    grant = AccessGrant.objects.get(membership=world.sender)
    with pytest.raises(Invalid):
        access.suspend(acting(world.decider), grant=grant, reason="")
    token = tokens.issue("upload", uuid4(), lifetime=timedelta(hours=1), owner_id=world.sender.user_id)
    sender = world.sender.user
    access_tokens.create(acting(world.sender), user=sender, name="Build server", scopes=["files:send"])
    access.suspend(acting(world.decider), grant=grant, reason="Left the programme.")
    token.refresh_from_db()
    assert not access_tokens.live_of(sender).exists()
    assert tokens.ended_because(token) == "revoked"
    assert "Left the programme." in outbox.render(mails("access_suspended")[0]).text
    access.unsuspend(acting(world.decider), grant=grant)
    assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.ACTIVE
    assert mails("access_restored")[0].to == world.sender.user.email


def test_a_suspension_is_not_lifted_by_subscribing_again(world: World) -> None:
    grant = AccessGrant.objects.get(membership=world.owner)
    access.suspend(acting(world.decider), grant=grant, reason="On leave.")
    with transaction.atomic():
        subscriptions.open_to_administrators(operator(), Subscription.objects.get(organization=world.aurora))
    assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.SUSPENDED


def test_requests_of_other_organisations_and_applications_are_not_there(world: World) -> None:
    grant = asking(world.newcomer)
    for who in (world.strange_decider, world.owner, world.newcomer):
        with pytest.raises(NotFound):
            loading.grant(acting(who), grant.pk)
        with pytest.raises(NotFound):
            loading.grants(acting(who), [grant.pk])
    assert loading.grant(acting(world.decider), grant.pk) == grant


@pytest.mark.django_db(transaction=True)
def test_of_many_approvals_at_once_exactly_one_counts() -> None:
    world = worlds.build()
    grant, decider = asking(world.newcomer), acting(world.decider)
    stale = [loading.grant(decider, grant.pk) for _ in range(8)]
    outcomes = at_once([partial(access.approve, decider, grant=row) for row in stale])
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Conflict] * 7
    assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.ACTIVE
    assert len(mails("access_granted")) == 1
    assert AuditEvent.objects.filter(action="sft.accessgrant.approve").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_exactly_one_counts() -> None:
    world = worlds.build()
    actor = acting(world.newcomer)
    outcomes = at_once([lambda: access.request(actor, application=sft()) for _ in range(6)])
    assert outcomes.count(None) == 1
    assert AccessGrant.objects.get(membership=world.newcomer).state == AccessGrantState.PENDING_AA
    assert len(mails("access_requested")) == 1


@pytest.mark.django_db(transaction=True)
def test_the_threads_do_race_where_a_state_is_written_without_its_expected_value() -> None:
    """The negative control of the two above."""
    world = worlds.build()
    grant = asking(world.newcomer)
    everybody_has_looked = Barrier(4)

    def look_then_write() -> None:
        assert AccessGrant.objects.get(pk=grant.pk).state == AccessGrantState.PENDING_AA
        everybody_has_looked.wait(timeout=60)
        AccessGrant.objects.filter(pk=grant.pk).update(state=AccessGrantState.ACTIVE)

    assert at_once([look_then_write] * 4) == [None] * 4
