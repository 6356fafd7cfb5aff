"""Which second factors somebody has, and putting off the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AuthenticatorApp, Passkey, RecoveryCode, User
from accounts.ports import factor_policy
from accounts.proofs import FactorKind
from core import audit
from core.actor import Actor
from core.errors import NotAllowed

NOT_OFFERED = "This kind of second factor is not accepted here. Choose another kind."


@dataclass(frozen=True, slots=True)
class Factor:
    """One second factor as its owner sees it."""

    id: UUID
    kind: FactorKind
    name: str
    added_at: datetime | None
    used_at: datetime | None


def overview(user: User) -> list[Factor]:
    """Every second factor of ``user`` that counts, the oldest first."""
    held: list[tuple[FactorKind, AuthenticatorApp | Passkey]] = [
        *((FactorKind.AUTHENTICATOR_APP, app) for app in AuthenticatorApp.objects.filter(user=user, confirmed=True)),
        *((FactorKind.PASSKEY, passkey) for passkey in Passkey.objects.filter(user=user, confirmed=True)),
    ]
    factors = [Factor(device.id, kind, device.name, device.created_at, device.last_used_at) for kind, device in held]
    return sorted(factors, key=lambda factor: str(factor.added_at))


def offered(user: User) -> frozenset[str]:
    """The kinds of factor that ``user`` may set up: those that their rule allows and that work at this address."""
    kinds = factor_policy().rule_for(user).kinds
    return kinds if settings.PASSKEYS_POSSIBLE else kinds - {FactorKind.PASSKEY.value}


def ensure_offered(user: User, kind: FactorKind) -> None:
    if kind not in offered(user):
        raise NotAllowed(NOT_OFFERED)


def postpone(actor: Actor, *, user: User) -> None:
    """Write down that ``user`` was asked for a second factor and put it off; its grace runs from the first time."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk, factor_asked_at__isnull=True).update(factor_asked_at=timezone.now())
        audit.record(actor, "accounts.factor.postpone", user)


def remove_all(actor: Actor, *, user: User) -> int:
    """Take every second factor and recovery code of ``user`` away; returns how many factors those were.

    Whoever calls decides whether that is right, tells the owner and ends sessions, in the same transaction.
    """
    with transaction.atomic():
        removed = len(overview(user))
        for model in (AuthenticatorApp, Passkey, RecoveryCode):
            model.objects.filter(user=user).delete()
        audit.record(actor, "accounts.factor.remove_all", user, data={"removed": removed})
    return removed
