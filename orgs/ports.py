"""What the organisations' room tells the floors above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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


onboarding_listener: Port[OnboardingListener] = Port("orgs.onboarding_listener")
