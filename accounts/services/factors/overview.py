"""Which second factors somebody has, and putting off the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuthenticatorApp, Passkey, RecoveryCode, User
from accounts.proofs import FactorKind
from core import audit
from core.actor import Actor


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
