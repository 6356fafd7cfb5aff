"""Finding people by what they type, and what they have."""

from __future__ import annotations

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from accounts.models import (
    AuthenticatorApp,
    FactorReset,
    FactorResetState,
    Notice,
    NoticeAcceptance,
    NoticeKind,
    OneTimePassword,
    Passkey,
    RecoveryCode,
    User,
    UserState,
)
from accounts.proofs import FactorKind

# The states of a request to remove second factors in which somebody has to act.
OPEN_RESETS = (FactorResetState.REQUESTED, FactorResetState.VOUCHED)


def user_by_email(email: str) -> User | None:
    """The person with this address, in any case, whatever their state."""
    address = Lower(Value(email.strip().lower()))
    return User.objects.alias(address=Lower("email")).filter(address=address).first()


def user_by_identifier(identifier: str) -> User | None:
    """The person with this User ID or e-mail address, in any case, whatever their state."""
    typed = identifier.strip().lower()
    if "@" in typed:
        return user_by_email(typed)
    return User.objects.filter(user_id=typed).first()


def operator_staff() -> QuerySet[User]:
    """The operator's people who can sign in, and so decide."""
    return User.objects.filter(is_staff=True, state=UserState.ACTIVE).order_by("created_at", "id")


def open_one_time_password(user: User) -> OneTimePassword | None:
    """The newest One-Time Password of ``user`` that was neither used nor ended; its time may be over."""
    return OneTimePassword.objects.filter(user=user, used_at__isnull=True, revoked_at__isnull=True).first()


def factor_kinds(user: User) -> frozenset[str]:
    """The kinds of second factor that ``user`` has set up."""
    apps = AuthenticatorApp.objects.filter(user=user, confirmed=True).values(kind=Value(FactorKind.AUTHENTICATOR_APP))
    passkeys = Passkey.objects.filter(user=user, confirmed=True).values(kind=Value(FactorKind.PASSKEY))
    return frozenset(row["kind"] for row in apps.union(passkeys))


def has_recovery_codes(user: User) -> bool:
    """Whether ``user`` was ever given recovery codes that still count, used up or not."""
    return RecoveryCode.objects.filter(user=user).exists()


def current_notice(kind: NoticeKind) -> Notice | None:
    """The version of a notice that is in force."""
    return Notice.objects.filter(kind=kind).order_by("-version").first()


def notice(kind: NoticeKind, version: int | None) -> Notice | None:
    """One version of a notice."""
    return Notice.objects.filter(kind=kind, version=version).first() if version is not None else None


def acceptance(notice: Notice, user: User) -> NoticeAcceptance | None:
    """When and from where ``user`` accepted this version, if they did."""
    return NoticeAcceptance.objects.filter(notice=notice, user=user).first()


def unaccepted_notice(kind: NoticeKind, user: User) -> Notice | None:
    """The version in force if ``user`` has not accepted it."""
    current = current_notice(kind)
    return current if current is not None and acceptance(current, user) is None else None


def open_factor_reset(user: User) -> FactorReset | None:
    """The request to remove the second factors of ``user`` that waits for somebody."""
    return FactorReset.objects.filter(user=user, state__in=OPEN_RESETS).select_related("user").first()
