"""Rules for second factors: of the operator, of an organisation, of an application."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.proofs import EVERY_KIND, FactorKind
from core import audit
from core.actor import Actor
from core.errors import Invalid
from orgs import policies
from orgs.models import Application, Organization, SecondFactorRule
from orgs.services.sign_in import UNTOLD

NO_KIND = "Allow at least one kind of second factor."
NOT_POSSIBLE = "Passkeys need https and a host name here. Allow authenticator apps as well."
NONE_IN_COMMON = "The operator allows other kinds only. Choose at least one of: {kinds}."
LONGEST_GRACE = 90
TOO_LONG = f"Give people between 0 and {LONGEST_GRACE} days."


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

    It counts from people's next sign-in; for an application from when it is opened next. Raises ``Invalid`` with
    ``fields["kinds"]`` or ``fields["grace_days"]`` for a rule that nobody could meet, ``NotAllowed`` by the policy.
    """
    organization_id: UUID | None = organization.id if organization else None
    policies.can_set_second_factor_rule(actor, organization_id=organization_id).enforce()
    _check(frozenset(kinds) & EVERY_KIND, grace_days=grace_days, is_of_operator=not organization and not application)
    said = {
        "required": required,
        "kinds": sorted(frozenset(kinds) & EVERY_KIND),
        "passkey_alone": passkey_alone,
        "grace_days": grace_days,
    }
    with transaction.atomic():
        rule, _ = SecondFactorRule.objects.update_or_create(
            organization=organization, application=application, defaults={**said, "changed_by_id": actor.user_id}
        )
        audit.record(actor, "orgs.second_factor_rule.set", rule, data=said, organization_id=organization_id)
    return rule


def of_operator() -> SecondFactorRule:
    """What counts for everybody; where the operator has said nothing yet, the rule that counts then, unsaved."""
    found = SecondFactorRule.objects.filter(organization=None, application=None).first()
    return found or SecondFactorRule(required=UNTOLD.required, kinds=sorted(UNTOLD.kinds))


def of_organization(organization: Organization) -> SecondFactorRule | None:
    """What an organisation asks of its people beyond that."""
    return SecondFactorRule.objects.filter(organization=organization).first()


def of_application(application: Application) -> SecondFactorRule | None:
    """What it takes to open an application."""
    return SecondFactorRule.objects.filter(application=application).first()


def _check(kinds: frozenset[str], *, grace_days: int, is_of_operator: bool) -> None:
    if not kinds:
        raise Invalid(fields={"kinds": NO_KIND})
    if kinds == {FactorKind.PASSKEY} and not settings.PASSKEYS_POSSIBLE:
        raise Invalid(fields={"kinds": NOT_POSSIBLE})
    allowed = frozenset(of_operator().kinds) or EVERY_KIND
    if not is_of_operator and not kinds & allowed:
        words = ", ".join(FactorKind(kind).label for kind in sorted(allowed))
        raise Invalid(fields={"kinds": NONE_IN_COMMON.format(kinds=words)})
    if not 0 <= grace_days <= LONGEST_GRACE:
        raise Invalid(fields={"grace_days": TOO_LONG})
