"""Loading what belongs to a person: “not yours” and “not there” are the same answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import AccessToken, KnownDevice, Session, User
from core.errors import NotFound

# How long an access token that has ended stays in the list of its owner.
STILL_LISTED = timedelta(days=90)


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


def access_tokens_of(user: User) -> QuerySet[AccessToken]:
    """The access tokens of ``user``, also those that ended a while ago, the newest first."""
    since = timezone.now() - STILL_LISTED
    return AccessToken.objects.filter(Q(revoked_at=None) | Q(revoked_at__gt=since), user=user, expires_at__gt=since)


def access_token_of(user: User, token_id: UUID) -> AccessToken:
    """Raises ``NotFound``."""
    found = AccessToken.objects.select_related("user").filter(user=user, pk=token_id).first()
    if found is None:
        raise NotFound
    return found
