"""Signing in with an own password, and out."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.db import transaction

from accounts import queries
from accounts.models import User
from accounts.ports import sign_in_policy
from accounts.services import people
from accounts.services.limits import SIGN_IN
from core import audit, tokens
from core.actor import Actor
from core.errors import Invalid
from core.models import Outcome

REFUSED = "These sign-in details do not match. Check what you typed in both fields and try again."


def sign_in(actor: Actor, *, identifier: str, password: str) -> User:
    """The person who signs in. The session is the caller's to open.

    Raises ``Invalid`` with one sentence, after the same work, for an unknown name, a wrong password, and an account that is
    not active, suspended or closed; ``TooMany`` or ``Unavailable`` by the limits of ``SIGN_IN``.
    """
    known = queries.user_by_identifier(identifier)
    account = str(known.id) if known else identifier.strip().lower()
    SIGN_IN.knock(actor, account)
    user = authenticate(username=identifier, password=password)
    if isinstance(user, User) and sign_in_policy().may_sign_in(user):
        SIGN_IN.opened(actor, account)
        record(people.acting(user, seen=actor), user)
        return user
    with transaction.atomic():
        because = _reason(known, password_was_right=user is not None)
        audit.record(actor, "accounts.session.begin", known, outcome=Outcome.REFUSED, reason=because)
    SIGN_IN.refused(actor)
    raise Invalid(REFUSED)


def record(actor: Actor, user: User) -> None:
    """Write down that ``user`` came in."""
    with transaction.atomic():
        audit.record(actor, "accounts.session.begin", user)


def sign_out(actor: Actor) -> None:
    """End every token the actor holds. The session is the caller's to close."""
    if actor.user_id is None:
        return
    with transaction.atomic():
        tokens.revoke_owned_by(actor.user_id)
        audit.record(actor, "accounts.session.end")


def _reason(known: User | None, *, password_was_right: bool) -> str:
    """For the audit trail alone: who tries learns nothing of it."""
    if known is None:
        return "unknown name"
    if password_was_right:
        return "no active organisation"
    return "wrong password" if known.is_active else f"account {known.state}"
