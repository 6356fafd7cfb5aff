"""What a signed-in session knows: who, since when, from where, and what was proved when."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.proofs import Proof
from accounts.session_store import DEVICE, IP, LAST_SEEN_AT, PUBLIC_ID, SIGNED_IN_AT

PROOFS = "proofs"
RIGHTS = "rights"


def open_for(session: SessionBase, *, proofs: Mapping[str, datetime], ip: str | None, device: str) -> None:
    """Write down how this session, just signed in, came about."""
    session[PUBLIC_ID] = str(uuid.uuid4())
    session[SIGNED_IN_AT] = session[LAST_SEEN_AT] = timezone.now().isoformat()
    session[IP] = ip
    session[DEVICE] = device
    session[PROOFS] = {name: at.isoformat() for name, at in proofs.items()}


def proofs_of(session: SessionBase) -> dict[str, datetime]:
    """Values of ``Proof`` that this session was opened or strengthened with, and when each was given last."""
    given = {name: parse_datetime(at) for name, at in session.get(PROOFS, {}).items()}
    return {name: at for name, at in given.items() if at is not None}


def add_proof(session: SessionBase, proof: Proof) -> None:
    """The person of this session has shown ``proof`` again, or one more."""
    session[PROOFS] = {**session.get(PROOFS, {}), proof.value: timezone.now().isoformat()}


def fresh_proofs(session: SessionBase) -> frozenset[str]:
    """Values of ``Proof`` that its person showed within the last ``CONFIRMED_FOR``."""
    since = timezone.now() - settings.CONFIRMED_FOR
    return frozenset(name for name, at in proofs_of(session).items() if at > since)


def has_rights(session: SessionBase, rights: str) -> None:
    """The person of this session acts with ``rights``, in any spelling that is always the same: others take another key."""
    if RIGHTS in session and session[RIGHTS] != rights:
        session.cycle_key()
    if session.get(RIGHTS) != rights:
        session[RIGHTS] = rights


def touch(session: SessionBase, user: User) -> None:
    """The person of this session did something just now: it is not idle."""
    session[LAST_SEEN_AT] = timezone.now().isoformat()
    session.set_expiry(max(1, int(time_left(session, user).total_seconds())))


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long a session may go on: ``idle`` if its person does nothing, ``absolute`` whatever they do."""

    idle: timedelta
    absolute: timedelta

    @property
    def shortest(self) -> timedelta:
        return min(self.idle, self.absolute)


def limits_left(session: SessionBase, user: User) -> TimeLeft:
    now = timezone.now()
    idle, absolute = limits_of(user)
    return TimeLeft(
        idle=_time(session, LAST_SEEN_AT, now) + idle - now, absolute=_time(session, SIGNED_IN_AT, now) + absolute - now
    )


def time_left(session: SessionBase, user: User) -> timedelta:
    """How long this session may go on if its person does nothing: idle or absolute, whichever ends first."""
    return limits_left(session, user).shortest


def limits_of(user: User) -> tuple[timedelta, timedelta]:
    """The idle and the absolute limit of a session of ``user``."""
    if user.is_staff:
        return settings.SESSION_IDLE_STAFF, settings.SESSION_ABSOLUTE_STAFF
    return settings.SESSION_IDLE, settings.SESSION_ABSOLUTE


def _time(session: SessionBase, name: str, otherwise: datetime) -> datetime:
    return parse_datetime(session.get(name, "")) or otherwise
