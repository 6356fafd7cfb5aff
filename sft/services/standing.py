"""How each application stands for a member: its status, who acts next, since when, and what they can do themselves.

Every status has a next actor. Where nobody of the organisation can act, the operator does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings

from core.actor import Actor
from orgs.models import Application, Membership, Organization, Role, RoleAssignment
from sft import policies, queries
from sft.models import AccessGrant, AccessGrantState, Subscription, SubscriptionState


class Step(StrEnum):
    """What a member can do about an application, by the label of its button."""

    OPEN = "Open Application"
    REQUEST_ACCESS = "Request Access"
    REQUEST_SUBSCRIPTION = "Request subscription"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to write to; ``is_you`` is the one who looks."""

    name: str
    email: str
    is_you: bool = False


@dataclass(frozen=True, slots=True)
class ApplicationStanding:
    """One tile of Home. ``stands`` carries the state that the badge shows, ``status`` its words."""

    application: Application
    stands: Subscription | AccessGrant
    status: str
    next_actors: tuple[Contact, ...]
    since: datetime
    text: str = ""
    reason: str = ""
    step: Step | None = None


def all_for(
    actor: Actor, *, organization: Organization, administrators: Sequence[RoleAssignment]
) -> list[ApplicationStanding]:
    """The whole catalogue as it stands for a member of ``organization``, in a fixed number of queries."""
    subscriptions = queries.subscriptions_of(queries.organization_id(actor))
    grants = queries.grants_of(queries.member_id(actor))
    return [
        _Teller(actor, organization, application, administrators).tell(
            subscriptions.get(application.pk), grants.get(application.pk)
        )
        for application in Application.objects.all()
    ]


class _Teller:
    """Tells how one application stands."""

    def __init__(
        self,
        actor: Actor,
        organization: Organization,
        application: Application,
        administrators: Sequence[RoleAssignment],
    ) -> None:
        self.actor = actor
        self.organization = organization
        self.application = application
        self.owners = [held.membership for held in administrators if held.role == Role.OA]
        self.deciders = [held.membership for held in administrators if held.application_id == application.pk]

    def tell(self, subscription: Subscription | None, grant: AccessGrant | None) -> ApplicationStanding:
        if subscription is None:
            return self._unsubscribed(Subscription(state=SubscriptionState.ENDED, since=self.organization.created_at))
        if subscription.state != SubscriptionState.ACTIVE:
            return self._unsubscribed(subscription)
        return self._subscribed(grant or AccessGrant(state=AccessGrantState.INACTIVE, since=subscription.since))

    def _unsubscribed(self, subscription: Subscription) -> ApplicationStanding:
        if subscription.state == SubscriptionState.REQUESTED:
            return ApplicationStanding(
                self.application, subscription, "Subscription requested", _operator(), subscription.since,
                text="The operator confirms it. Your administrators then get a mail.",
            )  # fmt: skip
        if subscription.state == SubscriptionState.SUSPENDED:
            return ApplicationStanding(
                self.application, subscription, "Subscription suspended", _operator(), subscription.since,
                text="Nobody in your organisation can open it until the operator ends the suspension.",
                reason=subscription.refusal_reason,
            )  # fmt: skip
        denied = subscription.state == SubscriptionState.DENIED
        may_request = bool(policies.can_request_subscription(self.actor, subscription))
        return ApplicationStanding(
            self.application, subscription, "Subscription denied" if denied else "Not subscribed",
            self._you() if may_request else self._people(self.owners), subscription.since,
            text="" if may_request else "Your Organization Administrator can request a subscription.",
            reason=subscription.refusal_reason, step=Step.REQUEST_SUBSCRIPTION if may_request else None,
        )  # fmt: skip

    def _subscribed(self, grant: AccessGrant) -> ApplicationStanding:
        state = grant.state
        if state == AccessGrantState.ACTIVE:
            return self._yours(grant, Step.OPEN)
        if state == AccessGrantState.PENDING_AA:
            return self._pending(grant)
        if state == AccessGrantState.PENDING_OWNER:
            return ApplicationStanding(
                self.application, grant, "Waiting for the Application Owner", _operator(), grant.since,
                text="Your Application Administrator has approved; the application’s owner decides now.",
            )  # fmt: skip
        if state == AccessGrantState.SUSPENDED:
            return ApplicationStanding(
                self.application, grant, "Access suspended", self._deciders(), grant.since,
                text="Your packages are kept. Your Application Administrator can give your access back.",
                reason=grant.refusal_reason,
            )  # fmt: skip
        return self._yours(grant, Step.REQUEST_ACCESS)

    def _yours(self, grant: AccessGrant, step: Step) -> ApplicationStanding:
        words = {
            AccessGrantState.INACTIVE: "No access yet",
            AccessGrantState.DENIED: "Access denied",
            AccessGrantState.EXPIRED: "Access expired",
        }
        return ApplicationStanding(
            self.application, grant, words.get(AccessGrantState(grant.state), "Active"), self._you(),
            grant.since, reason=grant.refusal_reason, step=step,
        )  # fmt: skip

    def _pending(self, grant: AccessGrant) -> ApplicationStanding:
        deciders = self._deciders()
        somebody_decides = any(member.pk != self.actor.membership_id for member in self.deciders)
        text = (
            "You get a mail as soon as it is decided."
            if somebody_decides
            else "Nobody decides their own request: another Application Administrator has to be appointed first."
        )
        return ApplicationStanding(self.application, grant, "Waiting for approval", deciders, grant.since, text=text)

    def _deciders(self) -> tuple[Contact, ...]:
        """Who can decide on the actor's access; where nobody else can, who can appoint somebody."""
        others = [member for member in self.deciders if member.pk != self.actor.membership_id]
        return self._people(others or self.owners)

    def _people(self, members: Sequence[Membership]) -> tuple[Contact, ...]:
        people = tuple(
            Contact(member.user.full_name, member.user.email, is_you=member.pk == self.actor.membership_id)
            for member in members
        )
        return people or _operator()

    def _you(self) -> tuple[Contact, ...]:
        return (Contact("You", "", is_you=True),)


def _operator() -> tuple[Contact, ...]:
    return (Contact(f"{settings.OPERATOR_NAME} staff", settings.SUPPORT_EMAIL),)
