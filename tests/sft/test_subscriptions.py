"""Subscriptions: asked for by the organisation, confirmed by the operator, open to administrators from then on."""

from __future__ import annotations

import pytest

from core import outbox
from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent, Mail
from orgs.models import Membership, Role, RoleAssignment
from sft.models import AccessGrant, AccessGrantState, Subscription, SubscriptionState
from sft.services import subscriptions
from tests.sft import world as worlds
from tests.sft.world import acting, company, member, operator, sft

pytestmark = pytest.mark.django_db


def templates() -> list[tuple[str, str]]:
    return sorted(Mail.objects.values_list("template", "to"))


def access_of(membership: Membership) -> str:
    return AccessGrant.objects.get(membership=membership, application=sft()).state


def test_operator_subscribes_an_organisation_and_its_administrators_are_told() -> None:
    organization = company("Harbor Metals")
    owner, decider = member(organization, "Olivia", Role.OA), member(organization, "Aaron", Role.AA)
    employee = member(organization, "Emma")
    subscription = subscriptions.subscribe(operator(), organization=organization, application=sft())
    assert subscription.state == SubscriptionState.ACTIVE
    assert (access_of(owner), access_of(decider)) == (AccessGrantState.ACTIVE, AccessGrantState.ACTIVE)
    assert not AccessGrant.objects.filter(membership=employee).exists()
    assert templates() == sorted(("sft/mail/subscribed", who.user.email) for who in (owner, decider))


def test_confirmation_mail_leads_home_and_names_the_next_step() -> None:
    organization = company("Harbor Metals & Sons")
    member(organization, "Olivia", Role.OA)
    subscriptions.subscribe(operator(), organization=organization, application=sft())
    mail = outbox.render(Mail.objects.get())
    assert mail.subject == "Harbor Metals & Sons is subscribed to Secure File Transfer"
    for text in (mail.text, mail.html):
        assert "/home/" in text
        assert "Open Application" in text
        assert "/first-time-login/" not in text


def test_a_new_user_is_sent_through_first_time_login() -> None:
    organization = company("Harbor Metals")
    owner = member(organization, "Olivia", Role.OA)
    type(owner.user).objects.update(state="invited")
    subscriptions.subscribe(operator(), organization=organization, application=sft())
    assert "/first-time-login/" in outbox.render(Mail.objects.get()).text


def test_without_an_application_administrator_the_organization_administrators_become_it() -> None:
    organization = company("Harbor Metals")
    owner = member(organization, "Olivia", Role.OA)
    worlds.subscribed(organization)
    assert RoleAssignment.objects.filter(membership=owner, role=Role.AA, application=sft()).exists()


def test_an_application_administrator_who_is_there_stays_the_only_one() -> None:
    organization = company("Harbor Metals")
    owner = member(organization, "Olivia", Role.OA)
    member(organization, "Aaron", Role.AA)
    worlds.subscribed(organization)
    assert not RoleAssignment.objects.filter(membership=owner, role=Role.AA).exists()


def test_organization_administrator_requests_and_the_operator_confirms() -> None:
    organization = company("Harbor Metals")
    owner, staff = member(organization, "Olivia", Role.OA), operator()
    requested = subscriptions.request(acting(owner), application=sft())
    assert requested.state == SubscriptionState.REQUESTED
    mail = Mail.objects.get(template="sft/mail/subscription_requested")
    assert organization.organization_id in outbox.render(mail).text
    assert f"/admin/sft/subscription/{requested.pk}/change/" in outbox.render(mail).text
    subscriptions.confirm(staff, subscription=requested)
    assert Subscription.objects.get().state == SubscriptionState.ACTIVE
    assert access_of(owner) == AccessGrantState.ACTIVE
    assert AuditEvent.objects.filter(action="sft.subscription.activate", actor_id=staff.user_id).count() == 1


@pytest.mark.parametrize("who", ["decider", "sender", "newcomer"])
def test_others_cannot_request(who: str) -> None:
    organization = company("Harbor Metals")
    people = {
        "owner": member(organization, "Olivia", Role.OA),
        "decider": member(organization, "Aaron", Role.AA),
        "sender": member(organization, "Emma"),
        "newcomer": member(organization, "Noah"),
    }
    with pytest.raises(NotAllowed):
        subscriptions.request(acting(people[who]), application=sft())
    subscriptions.request(acting(people["owner"]), application=sft())
    assert Subscription.objects.get().requested_by == people["owner"]


def test_members_cannot_confirm_deny_or_subscribe() -> None:
    organization = company("Harbor Metals")
    owner = acting(member(organization, "Olivia", Role.OA))
    requested = subscriptions.request(owner, application=sft())
    with pytest.raises(NotAllowed):
        subscriptions.confirm(owner, subscription=requested)
    with pytest.raises(NotAllowed):
        subscriptions.deny(owner, subscription=requested, reason="No")
    with pytest.raises(NotAllowed):
        subscriptions.suspend(owner, subscription=requested, reason="No")
    with pytest.raises(NotAllowed):
        subscriptions.subscribe(owner, organization=organization, application=sft())
    assert Subscription.objects.get().state == SubscriptionState.REQUESTED


def test_requesting_twice_is_refused_and_told_why() -> None:
    owner = acting(member(company("Harbor Metals"), "Olivia", Role.OA))
    subscriptions.request(owner, application=sft())
    with pytest.raises(Conflict, match="asked for this already"):
        subscriptions.request(owner, application=sft())
    assert Subscription.objects.count() == 1


def test_denial_needs_a_reason_and_reaches_who_asked() -> None:
    owner = member(company("Harbor Metals"), "Olivia", Role.OA)
    requested = subscriptions.request(acting(owner), application=sft())
    with pytest.raises(Invalid) as refusal:
        subscriptions.deny(operator(), subscription=requested, reason="  ")
    assert "reason" in refusal.value.fields
    subscriptions.deny(operator(), subscription=requested, reason="The contract has not been signed.")
    mail = Mail.objects.get(template="sft/mail/subscription_denied")
    assert (mail.to, "The contract has not been signed." in outbox.render(mail).text) == (owner.user.email, True)


def test_a_denied_subscription_can_be_requested_again() -> None:
    owner = acting(member(company("Harbor Metals"), "Olivia", Role.OA))
    requested = subscriptions.request(owner, application=sft())
    subscriptions.deny(operator(), subscription=requested, reason="Not yet.")
    again = subscriptions.request(owner, application=sft())
    assert (again.pk, again.state, again.refusal_reason) == (requested.pk, SubscriptionState.REQUESTED, "")


def test_confirming_twice_is_a_conflict_and_nobody_is_told_twice() -> None:
    owner = member(company("Harbor Metals"), "Olivia", Role.OA)
    first = subscriptions.request(acting(owner), application=sft())
    stale = Subscription.objects.get(pk=first.pk)
    subscriptions.confirm(operator(), subscription=first)
    for again in (stale, Subscription.objects.get(pk=first.pk)):
        with pytest.raises(Conflict):
            subscriptions.confirm(operator(), subscription=again)
    assert Mail.objects.filter(template="sft/mail/subscribed").count() == 1


def test_an_organisation_that_is_not_active_is_not_subscribed() -> None:
    organization = company("Harbor Metals")
    type(organization).objects.update(state="suspended")
    organization.refresh_from_db()
    with pytest.raises(Conflict):
        subscriptions.subscribe(operator(), organization=organization, application=sft())
    assert not Subscription.objects.exists()


def test_a_suspension_stops_and_its_end_restores() -> None:
    subscription = worlds.subscribed(company("Harbor Metals"))
    subscriptions.suspend(operator(), subscription=subscription, reason="Unpaid.")
    assert Subscription.objects.get().state == SubscriptionState.SUSPENDED
    subscriptions.reactivate(operator(), subscription=subscription)
    assert (subscription.state, subscription.refusal_reason) == (SubscriptionState.ACTIVE, "")
