"""What the organisations' room tells the floors above."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from core.actor import Actor
from core.ports import Port
from orgs.models import Application, Membership, Organization, Role


@dataclass(frozen=True, slots=True)
class NamedAdministrator:
    """A member whom a registration names; ``application`` is what an Application Administrator is responsible for."""

    membership: Membership
    role: Role
    application: Application | None = None


class OnboardingListener(Protocol):
    def organization_approved(
        self,
        actor: Actor,
        *,
        organization: Organization,
        applications: Sequence[Application],
        administrators: Sequence[NamedAdministrator],
    ) -> None:
        """The operator approved ``organization``, which asked for ``applications``.

        Called inside the approval's transaction, after members and roles exist: raising undoes the approval.
        """


class SubscriptionDirectory(Protocol):
    """Which applications an organisation may use, and how it asks for more."""

    def subscribed(self, organization: Organization) -> Collection[UUID]:
        """The ids of the applications that ``organization`` may use now."""

    def askable(self, organization: Organization, applications: Sequence[Application]) -> Sequence[Application]:
        """Those of ``applications`` that ``organization`` neither has nor waits for, so that it can ask for them."""

    def ask_for(self, actor: Actor, *, applications: Sequence[Application]) -> None:
        """The actor's organisation asks the operator for ``applications``, all of them askable.

        Called inside the caller's transaction. Raises ``NotAllowed`` where asking is not the actor's.
        """


onboarding_listener: Port[OnboardingListener] = Port("orgs.onboarding_listener")
subscription_directory: Port[SubscriptionDirectory] = Port("orgs.subscription_directory")
