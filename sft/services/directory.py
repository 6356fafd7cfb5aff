"""What the organisations' room asks of subscriptions when an invited organisation is there already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from core.actor import Actor
from orgs.models import Application, Organization
from sft.models import Subscription, SubscriptionState
from sft.services import subscriptions
from sft.states import SUBSCRIPTION


class Subscriptions:
    """Answers ``orgs.ports.subscription_directory`` from the subscriptions of this room."""

    def subscribed(self, organization: Organization) -> Collection[UUID]:
        active = Subscription.objects.filter(organization=organization, state=SubscriptionState.ACTIVE)
        return set(active.values_list("application_id", flat=True))

    def askable(self, organization: Organization, applications: Sequence[Application]) -> list[Application]:
        rows = Subscription.objects.filter(organization=organization, application__in=applications)
        closed = {row.application_id for row in rows if not SUBSCRIPTION.permits(row.state, "request")}
        return [application for application in applications if application.pk not in closed]

    def ask_for(self, actor: Actor, *, applications: Sequence[Application]) -> None:
        for application in applications:
            subscriptions.request(actor, application=application)
