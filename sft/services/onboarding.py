"""What happens here when the operator approves an organisation."""

from __future__ import annotations

from collections.abc import Sequence

from core.actor import Actor
from orgs.models import Application, Organization
from orgs.ports import NamedAdministrator
from sft.services import subscriptions


class OnboardingSubscriber:
    """Subscribes an approved organisation to what it asked for and opens it to the administrators it named.

    No mail leaves here: the approval's own mail tells the administrators their User ID and next steps.
    """

    def organization_approved(
        self,
        actor: Actor,
        *,
        organization: Organization,
        applications: Sequence[Application],
        administrators: Sequence[NamedAdministrator],
    ) -> None:
        for application in applications:
            subscription = subscriptions.start(actor, organization=organization, application=application)
            named = [
                administrator.membership
                for administrator in administrators
                if administrator.application in (None, application)
            ]
            subscriptions.open_to_administrators(actor, subscription, named=named)
