"""What owners do with the second factors they have: look at one, give it another name, remove it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts import queries
from accounts.models import AuthenticatorApp, Passkey, RecoveryCode, User
from accounts.ports import factor_policy
from accounts.proofs import FactorKind
from accounts.services import sessions
from accounts.services.factors import names, telling
from accounts.services.factors.overview import Factor, overview
from core import audit
from core.actor import Actor
from core.errors import NotAllowed, NotFound

MODELS: dict[FactorKind, type[AuthenticatorApp | Passkey]] = {
    FactorKind.AUTHENTICATOR_APP: AuthenticatorApp,
    FactorKind.PASSKEY: Passkey,
}
LAST_ONE = "A second factor is required for your account, and this is your only one. Set up another one first."


def one(user: User, factor_id: UUID) -> Factor:
    """A factor of ``user``. Raises ``NotFound``."""
    found = next((factor for factor in overview(user) if factor.id == factor_id), None)
    if found is None:
        raise NotFound
    return found


def rename(actor: Actor, *, user: User, factor_id: UUID, name: str) -> Factor:
    """Call a factor something else. Raises ``Invalid`` with ``fields["name"]``, ``NotFound``."""
    with transaction.atomic():
        _locked(user)
        factor = one(user, factor_id)
        kept_name = names.checked(user, name, but=factor.name)
        MODELS[factor.kind].objects.filter(pk=factor.id).update(name=kept_name)
        data = {**_about(factor), "name": kept_name, "before": factor.name}
        audit.record(actor, "accounts.factor.rename", user, data=data)
    return one(user, factor_id)


def remove(actor: Actor, *, user: User, factor_id: UUID, staying: str | None = None) -> Factor:
    """Take a factor away, with the last one the recovery codes too. The owner is told by mail; every session ends but the one
    of key ``staying``.

    Raises ``NotAllowed`` for the last one that a rule requires, ``NotFound``.
    """
    with transaction.atomic():
        _locked(user)
        factor = one(user, factor_id)
        MODELS[factor.kind].objects.filter(pk=factor.id).delete()
        _ensure_enough(user)
        if not overview(user):
            RecoveryCode.objects.filter(user=user).delete()
        audit.record(actor, "accounts.factor.remove", user, data={**_about(factor), "name": factor.name})
        telling.owner(user, "factor_removed", factor=factor.name, kind=factor.kind.label)
        sessions.end_others(actor, user=user, keep=staying, reason="second factor removed")
    return factor


def may_remove(user: User, factor: Factor) -> bool:
    """Whether ``remove`` would take ``factor`` away."""
    rule = factor_policy().rule_for(user)
    others = {other.kind.value for other in overview(user) if other.id != factor.id}
    return not rule.required or bool(others & rule.kinds)


def _ensure_enough(user: User) -> None:
    rule = factor_policy().rule_for(user)
    if rule.required and not queries.factor_kinds(user) & rule.kinds:
        raise NotAllowed(LAST_ONE)


def _locked(user: User) -> None:
    """Two requests at once must not each remove the other's last but one."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _about(factor: Factor) -> dict[str, str]:
    return {"kind": factor.kind.value, "factor": str(factor.id)}
