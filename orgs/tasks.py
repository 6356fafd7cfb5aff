"""What runs by the clock in this room."""

from __future__ import annotations

from celery import shared_task

from orgs.services import invitations, join_decisions, overdue
from orgs.services.registrations import ends, mailed_starts, unanswered


@shared_task
def expire_due() -> None:
    """End what nobody came back to, answered or decided in time, and remind of what will soon end."""
    invitations.expire_due()
    ends.remind_due()
    ends.expire_due()
    mailed_starts.purge()
    unanswered.remind_due()
    unanswered.expire_due()
    join_decisions.remind_due()
    join_decisions.expire_due()
    join_decisions.purge_unconfirmed()


@shared_task
def remind_of_invitations() -> None:
    """Mail the link once more where an invitation soon ends, and forget files of invitations that nobody sent."""
    invitations.remind_due()
    invitations.forget_files()


@shared_task
def tell_overdue() -> None:
    """Mail the operator's staff, once a working day, what has waited too long."""
    overdue.tell()
