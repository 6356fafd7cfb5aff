"""Shut doors: what wrong passwords do to an account, and how it opens again.

Wrong tries wait longer and longer where they come from (``limits.SIGN_IN``). ``WRONG_PASSWORDS_IN_A_ROW`` of them, from
wherever, switch the password off (NIST SP 800-63B, 3.2.2): a new password opens it again, or somebody who looks after the
account. What a refusal costs does not depend on whether there is such a person, so nothing is mailed and no password is
switched off by the request itself: a sweep does both, and ``User.check_password`` says no from the last try on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User, UserState
from accounts.ports import guardians
from accounts.services import contacts, letters
from accounts.services.limits import FIRST_LOGIN, SIGN_IN
from core import audit, outbox, wakeups
from core.actor import Actor
from core.errors import Unavailable
from core.models import AuditEvent, Outcome
from core.waits import Counted

# What writes the mails that a request does not write itself.
TASK = "accounts.tasks.look_after_doors"
LOCKED = "accounts.sign_in.lock"
SWEEP = Actor.system("lock sweep")
# What opens the password again, as a part of whatever sets another one.
OPEN: dict[str, Any] = {"failed_tries": 0, "password_off_at": None}


@dataclass(frozen=True, slots=True)
class Lock:
    """How the door of somebody stands: wrong passwords in a row, since when it is off, how long an address still waits."""

    tries: int
    off_at: datetime | None
    wait: timedelta

    def __bool__(self) -> bool:
        return bool(self.off_at or self.wait)


def refused(actor: Actor, *, known: User | None, because: str, wrong: User | None, counted: Counted) -> None:
    """Record a refused sign-in under the name of ``known`` and count it against ``wrong``, whose password it was not."""
    with transaction.atomic():
        audit.record(actor, "accounts.session.begin", known, outcome=Outcome.REFUSED, reason=because)
        # The same statement for nobody, so that it takes as long.
        User.objects.filter(pk=wrong.pk if wrong else uuid4()).update(failed_tries=F("failed_tries") + 1)
        if counted.wait:
            audit.record(actor, LOCKED, known, data={"tries": counted.tries, "seconds": counted.wait})
            wakeups.after_commit(TASK)


def switch_off_due() -> int:
    """Write down and mail for whom wrong passwords became too many; returns how many they were."""
    due = User.objects.filter(failed_tries__gte=settings.WRONG_PASSWORDS_IN_A_ROW, password_off_at=None)
    with_password = due.exclude(state=UserState.CLOSED).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return sum(_switch_off(user) for user in with_password)


def unlock(actor: Actor, *, user: User, reason: str = "") -> User:
    """Open the door of ``user`` again, with the password they had: no wait, no wrong tries, not switched off.

    Raises ``NotAllowed`` unless the actor looks after ``user``, ``Unavailable`` when the store of waits does not answer.
    """
    guardians().can_look_after(actor, user).enforce()
    _forget_waits(user)
    with transaction.atomic():
        was_off = user.password_is_off
        User.objects.filter(pk=user.pk).update(**OPEN)
        audit.record(actor, "accounts.sign_in.unlock", user, reason=reason, data={"password_was_off": was_off})
        letters.tell("unlocked", user, links={"sign_in": outbox.Link("accounts:sign-in")})
    user.refresh_from_db(fields=list(OPEN))
    return user


def start_over(user: User) -> None:
    """Forget every wait of ``user`` once this transaction has committed: they have a new password."""
    transaction.on_commit(partial(_forget_waits, user), robust=True)


def state_of(user: User) -> Lock:
    """How the door of ``user`` stands. Waits are left out while their store does not answer."""
    off_at = user.password_off_at or (timezone.now() if user.password_is_off else None)
    return Lock(tries=user.failed_tries, off_at=off_at, wait=_wait_of(user))


def tell(user: User, event: AuditEvent) -> None:
    """What the event ``LOCKED`` calls for, when somebody has a password."""
    if not user.has_usable_password():
        return
    links = {"forgot_password": outbox.Link("accounts:forgot-password"), "help": outbox.Link("accounts:help-login")}
    letters.tell("locked", user, links=links, about=event.pk, tries=event.data["tries"], ip=event.ip or "")


def _switch_off(user: User) -> bool:
    with transaction.atomic():
        still = User.objects.filter(
            pk=user.pk, failed_tries__gte=settings.WRONG_PASSWORDS_IN_A_ROW, password_off_at=None
        )
        if not still.update(password_off_at=timezone.now()):
            return False
        audit.record(SWEEP, "accounts.password.switch_off", user, data={"tries": user.failed_tries})
        letters.tell(
            "password_off",
            user,
            links={"forgot_password": outbox.Link("accounts:forgot-password")},
            tries=settings.WRONG_PASSWORDS_IN_A_ROW,
            contacts=contacts.rows_for(user),
        )
    return True


def _forget_waits(user: User) -> None:
    for name in (user.user_id, user.email):
        SIGN_IN.unlock(name)
        FIRST_LOGIN.unlock(name)


def _wait_of(user: User) -> timedelta:
    try:
        return max(SIGN_IN.left(user.user_id), SIGN_IN.left(user.email))
    except Unavailable:
        return timedelta(0)
