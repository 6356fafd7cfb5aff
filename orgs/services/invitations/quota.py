"""How many invitation mails one organisation, or the operator, may send a day."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from core import throttles
from core.errors import TooMany
from core.throttles import FailMode, Limit

MAILS_A_DAY = Limit("invitation mails of an organisation", f"{settings.INVITATION_MAILS_A_DAY}/day", FailMode.OPEN)


def take(organization_id: UUID | None, *, count: int = 1) -> None:
    """Count ``count`` mails, all or none. Raises ``TooMany`` with how many are left today."""
    key = str(organization_id or "operator")
    try:
        throttles.hit(MAILS_A_DAY, key, cost=count)
    except TooMany as refusal:
        left = throttles.left(MAILS_A_DAY, key)
        raise TooMany(_sentence(count, left), retry_after=refusal.retry_after) from refusal


def ensure(organization_id: UUID | None, *, count: int) -> None:
    """Raise as ``take`` would, and count nothing."""
    left = throttles.left(MAILS_A_DAY, str(organization_id or "operator"))
    if count > left:
        raise TooMany(_sentence(count, left), retry_after=24 * 3600)


def _sentence(count: int, left: int) -> str:
    limit = f"At most {MAILS_A_DAY.item.amount:,} invitation mails leave for one organisation a day"
    if count == 1:
        return f"{limit}, and that many have left. Try again tomorrow."
    return f"{limit}; {left:,} are left for today, and these are {count:,}. Send fewer at once, or try again tomorrow."
