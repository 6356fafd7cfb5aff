"""What the owner of an account is told by mail about the account itself. None of it can be switched off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from accounts.clocks import zone_of
from accounts.models import User
from core import outbox


def tell(
    template: str,
    user: User,
    *,
    links: Mapping[str, outbox.Link] | None = None,
    to: str = "",
    about: UUID | None = None,
    **context: Any,
) -> None:
    """Queue ``accounts/mail/<template>`` to ``user``, or to another address of theirs. Needs a transaction.

    Every template may use ``name``, ``user_id`` and ``at``, the moment it was queued.
    """
    outbox.enqueue(
        f"accounts/mail/{template}",
        to=to or user.email,
        language=user.language,
        context={"name": user.first_name, "user_id": user.user_id, "at": in_words(timezone.now(), user), **context},
        links=links,
        about=about,
    )


def in_words(moment: datetime, user: User) -> str:
    """``22 November 2026, 10:00 (Europe/Berlin)``: as ``user`` reads clocks."""
    zone = zone_of(user)
    return f"{date_format(timezone.localtime(moment, zone), 'j F Y, H:i')} ({zone.key})"
