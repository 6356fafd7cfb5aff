"""Ending sessions. What ends a session also ends its tokens, so nothing of it is left after the request that ended it.

Access tokens belong to no session. They end where every session ends that could: by ``end_all`` and ``clear``, and not when
somebody signs out, ends one session, or lets it run out.

Nothing in here asks who may do so but ``end_for``: the others write what a service has decided already.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import Session, User
from accounts.ports import guardians
from accounts.services.token_ends import revoke_all
from core import audit, tokens
from core.actor import Actor
from core.errors import Gone

ENDED = "Your session has ended meanwhile, and nothing was changed. Sign in again."
EVERYWHERE = "Signed out everywhere"


def end_all(actor: Actor, *, user: User, reason: str = "", keep: str | None = None) -> int:
    """End every session, every sign-in under way, every token and every access token of ``user``, who may sign in again at
    once.

    ``keep`` is the key of a session that goes on. Returns how many sessions there were to end.
    """
    with transaction.atomic():
        if keep is None:
            User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
            user.refresh_from_db(fields=["session_epoch"])
        count = clear(actor, user=user, because=reason or EVERYWHERE, keep=keep)
        audit.record(actor, "accounts.session.end_all", user, reason=reason, data={"sessions": count})
    return count


def end_others(actor: Actor, *, user: User, keep: str | None, reason: str = "") -> int:
    """The same for every session but the one of key ``keep``: what a new password or another factor does."""
    return end_all(actor, user=user, reason=reason, keep=keep)


def end_for(actor: Actor, *, user: User, reason: str = "") -> int:
    """``end_all`` at the word of somebody who looks after ``user``, or of ``user``. Raises ``NotAllowed``."""
    if actor.user_id != user.id:
        guardians().can_look_after(actor, user).enforce()
    return end_all(actor, user=user, reason=reason)


def end_one(actor: Actor, *, session: Session, reason: str = "") -> None:
    """End one session. The tokens of all of them end, too: a session that goes on asks for its own anew."""
    if session.user is None:
        return
    with transaction.atomic():
        tokens.revoke_owned_by(session.user.id)
        session.delete()
        told = {"session": str(session.public_id), "device": session.device, "from": session.ip or ""}
        audit.record(actor, "accounts.session.end_one", session.user, reason=reason, data=told)


def clear(actor: Actor, *, user: User, because: str, keep: str | None = None) -> int:
    """``end_all`` without an event of its own and without a new epoch, for what changes the account itself in one go.

    ``because`` is what the owner of an access token reads beside it.
    """
    tokens.revoke_owned_by(user.id)
    revoke_all(actor, user=user, reason=because)
    ended = _rows(user).exclude(session_key=keep) if keep else _rows(user)
    count = ended.filter(signed_in_at__isnull=False).count()
    ended.delete()
    return count


def run_out(user: User, *, key: str | None) -> None:
    """End the session of ``key``, whose time is over, and the tokens: another session of ``user`` asks for its own anew."""
    tokens.revoke_owned_by(user.id)
    _rows(user).filter(session_key=key).delete()


def hold(user: User, *, key: str | None) -> None:
    """Let whatever adds to the ways in of ``user`` happen one after the other, and only while the session of ``key`` goes on:
    what was added before may have ended it. Needs a transaction; raises ``Gone``.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if key and not _rows(user).filter(session_key=key).exists():
        raise Gone(ENDED, code="revoked")


def sweep() -> int:
    """Forget every session whose time is over, and end the tokens of people who have no other; returns how many."""
    over = Session.objects.filter(expire_date__lte=timezone.now())
    owners = set(over.filter(signed_in_at__isnull=False).values_list("user_id", flat=True))
    count, _ = over.delete()
    still_here = Session.objects.filter(user__in=owners, signed_in_at__isnull=False).values_list("user_id", flat=True)
    for owner in owners.difference(still_here):
        tokens.revoke_owned_by(owner)
    return count


def _rows(user: User) -> QuerySet[Session]:
    """Every session of ``user``, and every one in which ``user`` is about to sign in."""
    return Session.objects.filter(user=user)
