"""Loading what belongs to a person: “not yours” and “not there” are the same answer."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import KnownDevice, Session, User
from core.errors import NotFound


def sessions_of(user: User) -> QuerySet[Session]:
    """The sessions ``user`` is signed in with now, the one used last first."""
    live = Session.objects.filter(user=user, signed_in_at__isnull=False, expire_date__gt=timezone.now())
    return live.order_by("-last_seen_at", "public_id")


def session_of(user: User, public_id: UUID) -> Session:
    """Raises ``NotFound``."""
    found = sessions_of(user).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def devices_of(user: User) -> QuerySet[KnownDevice]:
    """The browsers ``user`` has signed in with, the one used last first."""
    return KnownDevice.objects.filter(user=user).order_by("-last_seen_at", "id")


def device_of(user: User, device_id: UUID) -> KnownDevice:
    """Raises ``NotFound``."""
    found = devices_of(user).filter(pk=device_id).first()
    if found is None:
        raise NotFound
    return found
