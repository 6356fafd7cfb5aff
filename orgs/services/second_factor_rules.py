"""Rules for second factors: of the operator, of an organisation, of an application."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from accounts.proofs import EVERY_KIND
from core import audit
from core.actor import Actor
from core.errors import Invalid
from orgs import policies
from orgs.models import Application, Organization, SecondFactorRule

NO_KIND = "Allow at least one kind of second factor."


def set_rule(
    actor: Actor,
    *,
    organization: Organization | None = None,
    application: Application | None = None,
    required: bool,
    kinds: Collection[str] = EVERY_KIND,
    passkey_alone: bool = True,
    grace_days: int = 0,
) -> SecondFactorRule:
    """Say what a second factor has to be: for everybody, for the people of ``organization``, or to open ``application``.

    Raises ``Invalid`` with ``fields["kinds"]`` where none is allowed, ``NotAllowed`` by the policy.
    """
    organization_id: UUID | None = organization.id if organization else None
    policies.can_set_second_factor_rule(actor, organization_id=organization_id).enforce()
    if not set(kinds) & EVERY_KIND:
        raise Invalid(fields={"kinds": NO_KIND})
    said = {
        "required": required,
        "kinds": sorted(set(kinds) & EVERY_KIND),
        "passkey_alone": passkey_alone,
        "grace_days": grace_days,
    }
    with transaction.atomic():
        rule, _ = SecondFactorRule.objects.update_or_create(
            organization=organization, application=application, defaults={**said, "changed_by_id": actor.user_id}
        )
        audit.record(actor, "orgs.second_factor_rule.set", rule, data=said, organization_id=organization_id)
    return rule
