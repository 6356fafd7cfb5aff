"""Signing in with an own password, coming in once everything is proved, and signing out."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone

from accounts import queries
from accounts.models import Notice, NoticeKind, User, UserState
from accounts.ports import account_listener, sign_in_policy
from accounts.proofs import Proof
from accounts.services import notices, people, under_way
from accounts.services.limits import SIGN_IN
from accounts.services.under_way import SignInUnderWay, Stage
from core import audit, states, tokens
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import Outcome

REFUSED = "These sign-in details do not match. Check what you typed and try again."


def begin(actor: Actor, *, identifier: str, password: str, system_use: int | None = None) -> SignInUnderWay:
    """A sign-in that starts with the right password. ``system_use`` is the version of the notice that was shown before.

    Raises ``Invalid`` with one sentence, after the same work, for an unknown name, a wrong password, and an account that has
    no password, is suspended or closed; ``TooMany`` or ``Unavailable`` by the limits of ``SIGN_IN``.
    """
    known = queries.user_by_identifier(identifier)
    account = str(known.id) if known else identifier.strip().lower()
    SIGN_IN.knock(actor, account)
    user = authenticate(username=identifier, password=password)
    if isinstance(user, User) and sign_in_policy().may_sign_in(user):
        SIGN_IN.opened(actor, account)
        return SignInUnderWay.begin(user, Proof.PASSWORD, system_use=system_use)
    with transaction.atomic():
        because = _reason(known, password_was_right=user is not None)
        audit.record(actor, "accounts.session.begin", known, outcome=Outcome.REFUSED, reason=because)
    SIGN_IN.refused(actor)
    raise Invalid(REFUSED)


def complete(actor: Actor, *, sign_in: SignInUnderWay) -> User:
    """Let in whoever has passed every stage: the account becomes active if it was not, and the sign-in is recorded.

    Returns who is to be given a session. Raises ``Conflict`` when a stage is still missing, ``Gone`` when the sign-in ended.
    """
    if under_way.stage_of(sign_in) is not Stage.COMPLETE:
        raise Conflict("Something is still missing before you are in. Go on where you were.")
    user = under_way.person_of(sign_in)
    person = people.acting(user, seen=actor)
    with transaction.atomic():
        if user.state == UserState.FIRST_LOGIN:
            states.advance(user, "complete_first_login", actor=person, first_login_at=timezone.now())
            account_listener().first_login_completed(user)
        shown = Notice.objects.filter(kind=NoticeKind.SYSTEM_USE, version=sign_in.system_use).first()
        if shown is not None:
            notices.accept(person, user=user, notice=shown)
        audit.record(
            person,
            "accounts.session.begin",
            user,
            data={"proofs": sorted(sign_in.proofs), "system_use": sign_in.system_use},
        )
        User.objects.filter(pk=user.pk).update(last_login=timezone.now(), failed_tries=0)
    return user


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
