"""Proving again, inside an open session, who sits at it: before what matters for the account, and for an application that
asks for more than the session was opened with.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from accounts import queries
from accounts.models import User
from accounts.ports import factor_policy
from accounts.proofs import SECOND_FACTORS, Proof
from accounts.services import limits
from core import audit, throttles
from core.actor import Actor
from core.errors import Invalid
from core.models import Outcome

WRONG_PASSWORD = "This is not your password. Check what you typed and try again."  # noqa: S105 - a sentence
NOTHING_NEEDED: frozenset[str] = frozenset()


def still_needed(user: User, shown: Collection[str], *, kinds: Collection[str] = ()) -> frozenset[str]:
    """The proofs of which any one takes ``user`` further, after they have ``shown`` some; none when that is enough.

    Enough is what a sign-in of theirs takes: the password and one of their second factors, or a passkey where it may stand
    alone. ``kinds`` narrows the second factor down to some of theirs.
    """
    rule = factor_policy().rule_for(user)
    held = queries.factor_kinds(user)
    wanted = held & frozenset(kinds) or held & rule.kinds or held
    if Proof.PASSWORD not in shown and not (Proof.PASSKEY in shown and rule.passkey_alone):
        alone = {Proof.PASSKEY.value} & wanted if rule.passkey_alone else NOTHING_NEEDED
        return frozenset({Proof.PASSWORD.value, *alone})
    if wanted and not frozenset(shown) & SECOND_FACTORS & {*wanted, Proof.RECOVERY_CODE}:
        return frozenset({*wanted, Proof.RECOVERY_CODE.value})
    return NOTHING_NEEDED


def by_password(actor: Actor, *, user: User, password: str) -> Proof:
    """Raises ``Invalid`` with ``fields["password"]`` for a wrong one, ``TooMany`` or ``Unavailable`` by the limit."""
    throttles.hit(limits.CURRENT_PASSWORD, str(user.id))
    if not user.check_password(password):
        with transaction.atomic():
            audit.record(actor, "accounts.session.confirm", user, outcome=Outcome.REFUSED, reason="wrong password")
        raise Invalid(fields={"password": WRONG_PASSWORD})
    throttles.forget(limits.CURRENT_PASSWORD, str(user.id))
    return _confirmed(actor, user, Proof.PASSWORD)


def _confirmed(actor: Actor, user: User, proof: Proof) -> Proof:
    with transaction.atomic():
        audit.record(actor, "accounts.session.confirm", user, data={"proof": proof.value})
    return proof
