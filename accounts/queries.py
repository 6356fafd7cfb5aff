"""Finding people by what they type."""

from __future__ import annotations

from django.db.models import Value
from django.db.models.functions import Lower

from accounts.models import OneTimePassword, User


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


def open_one_time_password(user: User) -> OneTimePassword | None:
    """The newest One-Time Password of ``user`` that was neither used nor ended; its time may be over."""
    return OneTimePassword.objects.filter(user=user, used_at__isnull=True, revoked_at__isnull=True).first()
