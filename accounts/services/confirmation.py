"""Proving again, inside an open session, who sits at it: before what matters for the account, and for an application that
asks for more than the session was opened with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from accounts import queries
from accounts.models import User
from accounts.ports import factor_policy
from accounts.proofs import SECOND_FACTORS, Proof
from accounts.services import current_password
from accounts.services.factors import authenticator_apps, passkeys, recovery_codes
from accounts.services.factors.passkeys import Challenge
from core import audit
from core.actor import Actor

CONFIRM = "accounts.session.confirm"
NOTHING_NEEDED: frozenset[str] = frozenset()


def still_needed(user: User, shown: Collection[str], *, kinds: Collection[str] = ()) -> frozenset[str]:
    """The proofs of which any one takes ``user`` further, after they have ``shown`` some; none when that is enough.

    Enough is what a sign-in of theirs takes: the password and one of their second factors, or a passkey where it may stand
    alone. ``kinds`` narrows the second factor down to some of theirs.
    """
    rule = factor_policy().rule_for(user)
    held = queries.factor_kinds(user)
    wanted = held & frozenset(kinds) or rule.to_prove(held)
    if Proof.PASSWORD not in shown and not (Proof.PASSKEY in shown and rule.passkey_alone):
        alone = {Proof.PASSKEY.value} & wanted if rule.passkey_alone else NOTHING_NEEDED
        return frozenset({Proof.PASSWORD.value, *alone})
    if wanted and not frozenset(shown) & SECOND_FACTORS & {*wanted, Proof.RECOVERY_CODE}:
        return frozenset({*wanted, Proof.RECOVERY_CODE.value})
    return NOTHING_NEEDED


def by_password(actor: Actor, *, user: User, given: str) -> Proof:
    """Raises ``Invalid`` with ``fields["password"]`` for a wrong one, ``TooMany`` or ``Unavailable`` by the limit."""
    current_password.prove(actor, user=user, given=given, field="password", action=CONFIRM)
    return _confirmed(actor, user, Proof.PASSWORD)


def by_app_code(actor: Actor, *, user: User, given: str) -> Proof:
    """Raises ``Invalid`` with ``fields["code"]``, or ``TooMany``, as ``authenticator_apps.prove`` does."""
    authenticator_apps.prove(actor, user=user, code=given)
    return _confirmed(actor, user, Proof.AUTHENTICATOR_APP)


def by_recovery_code(actor: Actor, *, user: User, given: str) -> Proof:
    """Spend a recovery code. Raises ``Invalid`` with ``fields["code"]``, ``TooMany`` or ``Unavailable``."""
    recovery_codes.prove(actor, user=user, code=given)
    return _confirmed(actor, user, Proof.RECOVERY_CODE)


def by_passkey(actor: Actor, *, user: User, challenge: Challenge, credential: Mapping[str, Any]) -> Proof:
    """Raises what ``passkeys.prove`` raises; the passkey of somebody else proves nothing."""
    passkeys.prove(actor, challenge=challenge, credential=credential, user=user)
    return _confirmed(actor, user, Proof.PASSKEY)


def _confirmed(actor: Actor, user: User, proof: Proof) -> Proof:
    with transaction.atomic():
        audit.record(actor, CONFIRM, user, data={"proof": proof.value})
    return proof
