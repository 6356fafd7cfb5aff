"""What runs by the clock in this room."""

from __future__ import annotations

from celery import shared_task

from orgs.services import invitations
from orgs.services.registrations import ends, mailed_starts


@shared_task
def expire_due() -> None:
    """Write ``expired`` on invitations and drafts whose time has run out, and remind of drafts that soon end."""
    invitations.expire_due()
    ends.remind_due()
    ends.expire_due()
    mailed_starts.purge()
