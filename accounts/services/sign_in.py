"""Signing in with an own password, coming in once everything is proved, and signing out."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone

from accounts import queries
from accounts.models import User, UserState
from accounts.ports import account_listener, sign_in_policy
from accounts.proofs import SECOND_FACTORS, Proof
from accounts.services import factor_resets, locks, notices, people, under_way
from accounts.services.limits import SIGN_IN
from accounts.services.under_way import SignInUnderWay, Stage
from core import audit, states, tokens
from core.actor import Actor
from core.errors import Conflict, Invalid

REFUSED = "These sign-in details do not match. Check what you typed and try again."


def begin(actor: Actor, *, identifier: str, password: str, system_use: int | None = None) -> SignInUnderWay:
    """A sign-in that starts with the right password. ``system_use`` is the version of the notice that was shown before.

    Raises ``Invalid`` with one sentence, after the same work, for an unknown name, a wrong password, and an account that has
    no password, is suspended or closed; ``TooMany`` or ``Unavailable`` by the limits of ``SIGN_IN``.
    """
    counted = SIGN_IN.knock(actor, identifier)
    known = queries.user_by_identifier(identifier)
    user = authenticate(username=identifier, password=password)
    if isinstance(user, User) and sign_in_policy().may_sign_in(user):
        SIGN_IN.opened(actor, identifier)
        return SignInUnderWay.begin(user, Proof.PASSWORD, system_use=system_use)
    wrong = known if user is None else None
    because = _reason(known, password_was_right=user is not None)
    locks.refused(actor, known=known, because=because, wrong=wrong, counted=counted)
    SIGN_IN.refused(actor)
    raise Invalid(REFUSED)


def add_password(actor: Actor, *, sign_in: SignInUnderWay, password: str) -> SignInUnderWay:
    """The password of somebody who began with a passkey, where a rule asks for both. Raises as ``begin`` does."""
    begin(actor, identifier=under_way.person_of(sign_in).user_id, password=password)
    return sign_in.having(Proof.PASSWORD)


def complete(actor: Actor, *, sign_in: SignInUnderWay, device: str = "") -> User:
    """Let in whoever has passed every stage: the account becomes active if it was not, and the sign-in is recorded.

    ``device`` is what the browser is called in the records.

    Returns who is to be given a session. Raises ``Conflict`` when a stage is still missing, ``Gone`` when the sign-in ended.
    """
    with transaction.atomic():
        # Two tabs come in one after the other, and nobody is shut out in between.
        User.objects.select_for_update(no_key=True).filter(pk=sign_in.user_id).first()
        if under_way.stage_of(sign_in) is not Stage.COMPLETE:
            raise Conflict("Something is still missing before you are in. Go on where you were.")
        user = under_way.person_of(sign_in)
        person = people.acting(user, seen=actor)
        if user.state == UserState.FIRST_LOGIN:
            states.advance(user, "complete_first_login", actor=person, first_login_at=timezone.now())
            account_listener().first_login_completed(user)
        if SECOND_FACTORS & sign_in.proofs.keys():
            factor_resets.withdraw(person, user=user)
        notices.accept_shown(person, user=user, version=sign_in.system_use)
        audit.record(
            person,
            "accounts.session.begin",
            user,
            data={"proofs": sorted(sign_in.proofs), "system_use": sign_in.system_use, "device": device},
        )
        by_password = {"failed_tries": 0} if Proof.PASSWORD in sign_in.proofs else {}
        User.objects.filter(pk=user.pk).update(last_login=timezone.now(), **by_password)
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
    if known.password_is_off:
        return "password switched off"
    return "wrong password" if known.is_active else f"account {known.state}"
