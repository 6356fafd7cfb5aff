"""Signing in with a passkey alone: it says who it is, and its device has asked for the finger, the face or the PIN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.backends import WITH_PASSWORD
from accounts.models import User
from accounts.ports import sign_in_policy
from accounts.proofs import Proof
from accounts.services.factors import passkeys
from accounts.services.factors.passkeys import Challenge
from accounts.services.under_way import SignInUnderWay
from core import audit
from core.actor import Actor
from core.errors import Invalid
from core.models import Outcome


def begin(
    actor: Actor, *, challenge: Challenge, credential: Mapping[str, Any], system_use: int | None = None
) -> SignInUnderWay:
    """A sign-in that starts with a passkey; whether the password is asked for too is the rule's to say.

    Raises ``Invalid`` with the same sentence for a passkey that is not right and an account that may not come in.
    """
    user = passkeys.prove(actor, challenge=challenge, credential=credential)
    because = _kept_out(user)
    if not because:
        return SignInUnderWay.begin(user, Proof.PASSKEY, system_use=system_use)
    with transaction.atomic():
        audit.record(actor, "accounts.session.begin", user, outcome=Outcome.REFUSED, reason=because)
    raise Invalid(passkeys.WRONG)


def _kept_out(user: User) -> str:
    """Why ``user`` may not come in, for the audit trail alone. Whose password was taken away gets a new one first."""
    if user.state not in WITH_PASSWORD:
        return f"account {user.state}"
    if not user.has_usable_password():
        return "no password of their own"
    return "" if sign_in_policy().may_sign_in(user) else "no active organisation"
