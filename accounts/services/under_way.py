"""A sign-in under way: what somebody has proved so far, and what is still missing before they are in.

Nobody is signed in by it. The browser's session keeps it between the pages; it ends with ``SIGN_IN_WINDOW``, with a new
password, with everything else that ends sessions, and when the person is shut out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime

from accounts import queries
from accounts.models import NoticeKind, User, UserState
from accounts.ports import FactorRule, factor_policy, sign_in_policy
from accounts.proofs import SECOND_FACTORS, Proof
from accounts.services import one_time_passwords
from core.errors import Gone

TOOK_TOO_LONG = "Signing in took too long. Start again: what you have set up so far is kept."
ENDED = "This sign-in has ended meanwhile. Start again."


class Stage(StrEnum):
    """What comes next. Each one but the last has a page."""

    OWN_PASSWORD = "own_password"  # noqa: S105 - the name of a stage
    PASSWORD = "password"  # noqa: S105
    SECOND_FACTOR = "second_factor"
    SET_UP_FACTOR = "set_up_factor"
    RECOVERY_CODES = "recovery_codes"
    TERMS = "terms"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class SignInUnderWay:
    """``proofs`` maps values of ``Proof`` to when each was given; ``bound_to`` is the session hash of ``User`` at that time.

    ``one_time_password`` and its ``fingerprint`` are there while the own password is still to be chosen; ``postponed`` says
    that the person put off setting up a second factor; ``system_use`` is the version of the notice they saw before.
    """

    user_id: UUID
    bound_to: str
    begun_at: datetime
    proofs: Mapping[str, datetime] = field(default_factory=dict)
    one_time_password: UUID | None = None
    fingerprint: str = ""
    postponed: bool = False
    system_use: int | None = None

    @classmethod
    def begin(cls, user: User, proof: Proof, **more: Any) -> Self:
        """A sign-in that starts with ``proof``."""
        now = timezone.now()
        return cls(
            user_id=user.id, bound_to=user.get_session_auth_hash(), begun_at=now, proofs={proof.value: now}, **more
        )

    def having(self, proof: Proof, **changes: Any) -> Self:
        """The same with one more proof."""
        return replace(self, proofs={**self.proofs, proof.value: timezone.now()}, **changes)

    def as_row(self) -> dict[str, Any]:
        """What a session can keep."""
        return {
            "user_id": str(self.user_id),
            "bound_to": self.bound_to,
            "begun_at": self.begun_at.isoformat(),
            "proofs": {name: at.isoformat() for name, at in self.proofs.items()},
            "one_time_password": str(self.one_time_password or ""),
            "fingerprint": self.fingerprint,
            "postponed": self.postponed,
            "system_use": self.system_use,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """What ``as_row`` wrote."""
        one_time_password = row["one_time_password"]
        return cls(
            user_id=UUID(row["user_id"]),
            bound_to=row["bound_to"],
            begun_at=_time(row["begun_at"]),
            proofs={name: _time(at) for name, at in row["proofs"].items()},
            one_time_password=UUID(one_time_password) if one_time_password else None,
            fingerprint=row["fingerprint"],
            postponed=row["postponed"],
            system_use=row["system_use"],
        )


def person_of(under_way: SignInUnderWay) -> User:
    """Who is signing in. Raises ``Gone`` when this sign-in has ended."""
    if timezone.now() - under_way.begun_at > settings.SIGN_IN_WINDOW:
        raise Gone(TOOK_TOO_LONG, code="expired")
    user = User.objects.filter(pk=under_way.user_id).exclude(state__in=[UserState.SUSPENDED, UserState.CLOSED]).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), under_way.bound_to):
        raise _ended(under_way)
    if not sign_in_policy().may_sign_in(user):
        raise _ended(under_way)
    return user


def stage_of(under_way: SignInUnderWay) -> Stage:
    """What ``under_way`` has to pass next. Raises ``Gone`` as ``person_of`` does."""
    user = person_of(under_way)
    rule = factor_policy().rule_for(user)
    held = queries.factor_kinds(user)
    if (missing := _missing_proof(under_way, rule, held)) is not None:
        return missing
    if not held & rule.kinds and not _may_go_without(under_way, user, rule):
        return Stage.SET_UP_FACTOR
    if held and not queries.has_recovery_codes(user):
        return Stage.RECOVERY_CODES
    if queries.unaccepted_notice(NoticeKind.TERMS, user) is not None:
        return Stage.TERMS
    return Stage.COMPLETE


def kinds_to_prove(user: User) -> frozenset[str]:
    """With which of their factors ``user`` may go on."""
    return factor_policy().rule_for(user).to_prove(queries.factor_kinds(user))


def may_postpone(user: User) -> bool:
    """Whether ``user`` may go on without a second factor this time: none is required, or the grace is not over."""
    return factor_policy().rule_for(user).may_wait(user.factor_asked_at)


def _ended(under_way: SignInUnderWay) -> Gone:
    return Gone(one_time_passwords.ENDED if under_way.one_time_password else ENDED, code="revoked")


def _missing_proof(under_way: SignInUnderWay, rule: FactorRule, held: frozenset[str]) -> Stage | None:
    proved = under_way.proofs.keys()
    if Proof.PASSWORD not in proved and Proof.PASSKEY not in proved:
        return Stage.OWN_PASSWORD
    if Proof.PASSWORD not in proved and not rule.passkey_alone:
        return Stage.PASSWORD
    wanted = {Proof.RECOVERY_CODE, *rule.to_prove(held)}
    return Stage.SECOND_FACTOR if held and not proved & wanted & SECOND_FACTORS else None


def _may_go_without(under_way: SignInUnderWay, user: User, rule: FactorRule) -> bool:
    if rule.required:
        return under_way.postponed and rule.may_wait(user.factor_asked_at)
    return under_way.postponed or user.state == UserState.ACTIVE


def _time(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise ValueError(f"{text!r} is no time.")
    return found
