"""The clock that a person reads."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from accounts.models import User


def zone_of(user: User) -> ZoneInfo:
    """The time zone of ``user``; the gateway's own in place of one that the machine does not know any more."""
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(settings.TIME_ZONE)
