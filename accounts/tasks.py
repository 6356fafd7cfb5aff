"""Tasks of this room: they may run twice."""

from __future__ import annotations

from celery import shared_task

from accounts.services import devices, factor_resets, locks, one_time_passwords, owed_letters, sessions


@shared_task
def expire_one_time_passwords() -> None:
    one_time_passwords.expire_due()


@shared_task
def sweep_sessions() -> None:
    """Forget sessions whose time is over, and browsers that are not used any more."""
    sessions.sweep()
    devices.sweep()


@shared_task
def look_after_doors() -> None:
    """What follows from tries at the door, and from calls for help before it."""
    locks.switch_off_due()
    owed_letters.write()


@shared_task
def expire_factor_resets() -> None:
    factor_resets.expire_due()
