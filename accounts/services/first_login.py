"""First-Time Login: User ID and One-Time Password, then an own password, and the account is active.

Nobody is signed in between the two steps. What the first one proved is a ``FirstLogin``, which opens the second and nothing
else; the One-Time Password stays good until the own password is set, so that either step can be begun again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import queries
from accounts.models import OneTimePassword, User
from accounts.ports import account_listener, sign_in_policy
from accounts.services import one_time_passwords, password_policy, people, sign_in
from accounts.services.limits import FIRST_LOGIN
from core import states
from core.actor import Actor
from core.errors import Gone, Invalid

NOT_YOUR_OWN = "Your own password must not be or contain the One-Time Password: somebody else knows that one."
TOOK_TOO_LONG = "Choosing a password took too long. Start again: your One-Time Password still works."


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """That somebody gave the right One-Time Password, when, and how to recognise it; never the secret itself."""

    one_time_password: UUID
    fingerprint: str
    begun_at: datetime

    def as_row(self) -> dict[str, str]:
        return {
            "one_time_password": str(self.one_time_password),
            "fingerprint": self.fingerprint,
            "begun_at": self.begun_at.isoformat(),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Self:
        begun_at = parse_datetime(row["begun_at"])
        if begun_at is None:
            raise ValueError("begun_at is no time.")
        return cls(UUID(row["one_time_password"]), row["fingerprint"], begun_at)


def begin(actor: Actor, *, user_id: str, secret: str) -> FirstLogin:
    """Check the One-Time Password and open the second step for ``FIRST_LOGIN_WINDOW``.

    Raises ``Invalid`` with one sentence for everything that does not match; ``TooMany`` or ``Unavailable`` by the limits.
    """
    user = queries.user_by_identifier(user_id)
    account = str(user.id) if user else user_id.strip().lower()
    FIRST_LOGIN.knock(actor, account)
    try:
        one_time_password = one_time_passwords.verify(actor, user=_admissible(user), secret=secret)
    except Invalid:
        FIRST_LOGIN.refused(actor)
        raise
    FIRST_LOGIN.opened(actor, account)
    person = one_time_password.user
    states.advance(person, "start_first_login", actor=people.acting(person, seen=actor))
    return FirstLogin(one_time_password.id, one_time_passwords.fingerprint(secret), timezone.now())


def person_of(begun: FirstLogin) -> User:
    """Who is choosing a password. Raises ``Gone`` when the second step is no longer open."""
    return _open(begun).user


def choose_password(actor: Actor, *, begun: FirstLogin, password: str) -> User:
    """Set the own password, spend the One-Time Password and make the account active; returns who is now to be signed in.

    Raises ``Invalid`` with ``fields["password"]`` when the password is refused, ``Gone`` when the step is no longer open, and
    ``Conflict`` when the One-Time Password ended in the same moment.
    """
    one_time_password = _open(begun)
    user = one_time_password.user
    if one_time_passwords.is_within(password, begun.fingerprint):
        raise Invalid(fields={"password": NOT_YOUR_OWN})
    password_policy.check(password, user=user, field="password")
    user.set_password(password)
    person = people.acting(user, seen=actor)
    with transaction.atomic():
        one_time_passwords.use_up(person, one_time_password)
        states.advance(user, "complete_first_login", actor=person, password=user.password)
        account_listener().first_login_completed(user)
        sign_in.record(person, user)
    return user


def _admissible(user: User | None) -> User | None:
    return user if user and sign_in_policy().may_sign_in(user) else None


def _open(begun: FirstLogin) -> OneTimePassword:
    if timezone.now() - begun.begun_at > settings.FIRST_LOGIN_WINDOW:
        raise Gone(TOOK_TOO_LONG, code="expired")
    found = one_time_passwords.still_open(begun.one_time_password)
    if found is None or not _admissible(found.user):
        raise Gone(one_time_passwords.ENDED, code="revoked")
    return found
