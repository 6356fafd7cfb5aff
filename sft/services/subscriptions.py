"""Subscriptions: an organisation asks, the operator confirms; administrators can open the application from then on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

import orgs.queries
from core import audit, states
from core.actor import Actor
from core.errors import Conflict
from orgs.models import Application, Membership, Organization, OrganizationState, Role
from orgs.services import memberships
from sft import policies, queries
from sft.models import Subscription, SubscriptionState
from sft.services import access, mails
from sft.services.reasons import required_reason


@transaction.atomic
def request(actor: Actor, *, application: Application) -> Subscription:
    """The actor's organisation asks for ``application``; operator staff are told.

    Raises ``Conflict`` when it was asked for before, and ``NotAllowed`` for anybody but an Organization Administrator and
    while a subscription stands.
    """
    standing = queries.standing(actor, application.code)
    if standing.subscription and standing.subscription.state == SubscriptionState.REQUESTED:
        raise Conflict("Your organisation has asked for this already. The operator will confirm it.")
    policies.can_request_subscription(actor, standing.subscription).enforce()
    organization = Organization.objects.get(pk=queries.organization_id(actor))
    subscription = _requested(actor, organization=organization, application=application)
    asking = Membership.objects.select_related("user").get(pk=queries.member_id(actor))
    staff = [user.email for user in orgs.queries.operator_staff()]
    mails.subscription_requested(subscription, by=asking.user, to=staff)
    return subscription


@transaction.atomic
def subscribe(actor: Actor, *, organization: Organization, application: Application) -> Subscription:
    """The operator subscribes ``organization`` without being asked, or confirms what was asked for.

    Raises ``NotAllowed`` for anybody but operator staff, and ``Conflict`` when it is subscribed already or not active itself.
    """
    policies.can_decide_subscriptions(actor).enforce()
    subscription = Subscription.objects.filter(organization=organization, application=application).first()
    if subscription is None or states.permits(subscription, "request"):
        subscription = _requested(actor, organization=organization, application=application)
    return confirm(actor, subscription=subscription)


@transaction.atomic
def confirm(actor: Actor, *, subscription: Subscription) -> Subscription:
    """Make a requested subscription active and tell the organisation's administrators how to begin."""
    policies.can_decide_subscriptions(actor).enforce()
    if subscription.organization.state != OrganizationState.ACTIVE:
        raise Conflict("Only an active organisation can be subscribed. Approve or reactivate it first.")
    for administrator in open_to_administrators(actor, _activated(actor, subscription)):
        mails.subscribed(subscription, administrator)
    return subscription


@transaction.atomic
def deny(actor: Actor, *, subscription: Subscription, reason: str) -> Subscription:
    """Refuse a requested subscription; whoever asked is told why."""
    policies.can_decide_subscriptions(actor).enforce()
    why = required_reason(reason)
    states.advance(subscription, "deny", actor=actor, reason=why, since=timezone.now(), refusal_reason=why)
    for administrator in orgs.queries.administrators(subscription.organization, Role.OA):
        mails.subscription_denied(subscription, administrator)
    return subscription


@transaction.atomic
def suspend(actor: Actor, *, subscription: Subscription, reason: str) -> Subscription:
    """Stop the organisation's use of the application for now. Nobody's own access is changed."""
    policies.can_decide_subscriptions(actor).enforce()
    why = required_reason(reason)
    return states.advance(subscription, "suspend", actor=actor, reason=why, since=timezone.now(), refusal_reason=why)


@transaction.atomic
def reactivate(actor: Actor, *, subscription: Subscription) -> Subscription:
    """End a suspension."""
    policies.can_decide_subscriptions(actor).enforce()
    return states.advance(subscription, "reactivate", actor=actor, since=timezone.now(), refusal_reason="")


def start(actor: Actor, *, organization: Organization, application: Application) -> Subscription:
    """Subscribe an organisation that the operator has just approved together with this application. Needs a transaction."""
    return _activated(actor, _requested(actor, organization=organization, application=application))


def open_to_administrators(
    actor: Actor, subscription: Subscription, *, named: Iterable[Membership] = ()
) -> list[Membership]:
    """Give the organisation's administrators active access to the application, and ``named`` members with them.

    Where nobody is Application Administrator yet, its Organization Administrators become it, so that requests have
    somebody to decide them. Returns everybody who was meant. Needs a transaction.
    """
    organization, application = subscription.organization, subscription.application
    owners = list(orgs.queries.administrators(organization, Role.OA))
    deciders = list(orgs.queries.administrators(organization, Role.AA, application))
    if not deciders:
        for owner in owners:
            memberships.assign(actor, membership=owner, role=Role.AA, application=application)
    people = list(dict.fromkeys((*owners, *deciders, *named)))
    for person in people:
        access.grant(actor, membership=person, application=application)
    return people


def _requested(actor: Actor, *, organization: Organization, application: Application) -> Subscription:
    """A subscription in state ``requested``, made or taken up again. Raises ``Conflict`` when it is further already."""
    subscription, is_new = Subscription.objects.select_related("organization", "application").get_or_create(
        organization=organization, application=application, defaults={"requested_by_id": actor.membership_id}
    )
    if is_new:
        audit.record(actor, "sft.subscription.request", subscription, organization_id=organization.id)
        return subscription
    return states.advance(
        subscription,
        "request",
        actor=actor,
        requested_by_id=actor.membership_id,
        since=timezone.now(),
        refusal_reason="",
    )


def _activated(actor: Actor, subscription: Subscription) -> Subscription:
    if subscription.state == SubscriptionState.ACTIVE:
        raise Conflict(f"{subscription.organization} is already subscribed to {subscription.application}.")
    action = "reactivate" if subscription.state == SubscriptionState.SUSPENDED else "activate"
    return states.advance(subscription, action, actor=actor, since=timezone.now(), refusal_reason="")
