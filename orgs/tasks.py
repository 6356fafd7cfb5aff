"""What runs by the clock in this room."""

from __future__ import annotations

from celery import shared_task

from orgs.services import invitations
from orgs.services.registrations import drafts


@shared_task
def expire_due() -> None:
    """Write ``expired`` on invitations and drafts whose time has run out."""
    invitations.expire_due()
    drafts.expire_due()
