"""The browsers people sign in with: known by a cookie, told of by mail when new, and disowned by the link of that mail.

A cookie is no proof of anything: who has it signs in like anybody else. It only decides whether the owner is told.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import queries
from accounts.models import AuthenticatorApp, EmailChange, KnownDevice, Passkey, RecoveryCode, User, UserState
from accounts.ports import guardians
from accounts.proofs import FactorKind
from accounts.services import contacts, factor_resets, letters, one_time_passwords, people, sessions
from core import audit, outbox, tokens
from core.actor import Actor

PURPOSE = "not-me"
LINK = Actor.system("link of the mail about a new browser")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def recognise(actor: Actor, *, user: User, secret: str, label: str, is_first_time: bool) -> str:
    """``user`` has just signed in with the browser that holds ``secret``; returns the secret that it is to hold.

    The owner is mailed about a browser that is new, except in First-Time Login: there is only that one yet.
    """
    kept = secret if _SECRET.fullmatch(secret) else secrets.token_urlsafe(32)
    with transaction.atomic():
        device, is_new = KnownDevice.objects.get_or_create(
            user=user, digest=_digest(kept), defaults={"label": label, "last_seen_at": timezone.now()}
        )
        if not is_new:
            KnownDevice.objects.filter(pk=device.pk).update(label=label, last_seen_at=timezone.now())
        elif not is_first_time:
            _tell_owner(actor, user, device)
    return kept


def forget(actor: Actor, *, device: KnownDevice) -> None:
    """The next sign-in with this browser is told of again."""
    with transaction.atomic():
        audit.record(actor, "accounts.device.forget", device.user, data={"device": device.label})
        device.delete()


def person_of(secret: str) -> User:
    """Whose sign-in the mail with this link told of. Raises ``NotFound`` or ``Gone``. Looking changes nothing."""
    return User.objects.get(pk=tokens.find(PURPOSE, secret).subject_id)


def disown(actor: Actor, *, secret: str) -> User:
    """“This was not me”: every session ends, the password opens nothing any more, and no browser is known.

    Second factors that were added since go as well, and so does a request to remove all of them. The way back in is Forgot
    Password, and a second factor as ever; where a mail alone would then open the account, it is First-Time Login with a new
    One-Time Password. The owner and their administrators are told. Raises ``NotFound``, or ``Gone`` also when it was done
    before.
    """
    token = tokens.find(PURPOSE, secret)
    user = User.objects.get(pk=token.subject_id)
    with transaction.atomic():
        tokens.use_up(token)
        tokens.revoke(PURPOSE, user.id)
        User.objects.filter(pk=user.pk).update(password=make_password(None), session_epoch=F("session_epoch") + 1)
        bearer = people.acting(user, seen=actor)
        ended = sessions.clear(bearer, user=user, because="Sign-in disowned")
        KnownDevice.objects.filter(user=user).delete()
        audit.record(bearer, "accounts.device.disown", user, data={"sessions": ended})
        factor_resets.withdraw(bearer, user=user)
        since = token.created_at - settings.SIGN_IN_WINDOW
        removed = _remove_factors(bearer, user, since=since)
        user.refresh_from_db()
        if _would_open_by_mail(user, removed=removed, since=since):
            one_time_passwords.back_to_first_login(LINK, user)
        _tell_of_disowning(user)
    return user


def sweep() -> int:
    """Forget browsers whose cookie is gone by its age; returns how many."""
    count, _ = KnownDevice.objects.filter(last_seen_at__lt=timezone.now() - settings.DEVICE_LIFETIME).delete()
    return count


def _tell_owner(actor: Actor, user: User, device: KnownDevice) -> None:
    # Nobody owns this token: ending every session, which an intruder can do as well, must not end it.
    token = tokens.issue(PURPOSE, user.id, lifetime=settings.NOT_ME_LIFETIME)
    letters.tell(
        "new_device",
        user,
        links={"not_me": outbox.Link("accounts:not-me", token=token)},
        device=device.label,
        ip=actor.ip or "",
        days=settings.NOT_ME_LIFETIME.days,
    )


def _would_open_by_mail(user: User, *, removed: int, since: datetime) -> bool:
    """Whether whoever reads the mail of ``user`` could now set a password and a second factor of their own: none of theirs is
    left, which may have been the owner's, or the address is not the one that it was.
    """
    if user.state not in {UserState.FIRST_LOGIN, UserState.ACTIVE}:
        return False
    is_bare = removed > 0 and not queries.factor_kinds(user)
    return is_bare or EmailChange.objects.filter(user=user, confirmed_at__gte=since).exists()


def _remove_factors(actor: Actor, user: User, *, since: datetime) -> int:
    """Take away what an intruder may have added, on the way in already; returns how many factors those were."""
    removed = 0
    for model, kind in ((AuthenticatorApp, FactorKind.AUTHENTICATOR_APP), (Passkey, FactorKind.PASSKEY)):
        for factor in model.objects.filter(user=user, confirmed=True, created_at__gte=since):
            told = {"kind": kind.value, "name": factor.name}
            audit.record(
                actor, "accounts.factor.remove", user, reason="added after a sign-in by somebody else", data=told
            )
            removed += 1
        model.objects.filter(user=user, created_at__gte=since).delete()
    RecoveryCode.objects.filter(user=user, created_at__gte=since).delete()
    return removed


def _tell_of_disowning(user: User) -> None:
    helpers = guardians().contacts_of(user)
    links = {
        "forgot_password": outbox.Link("accounts:forgot-password"),
        "first_login": outbox.Link("accounts:first-time-login"),
    }
    anew = user.state == UserState.INVITED
    letters.tell("sign_in_disowned", user, links=links, contacts=contacts.rows_for(user), anew=anew)
    person: dict[str, Any] = {"person": user.full_name, "person_id": user.user_id, "anew": anew}
    for helper in helpers:
        links = {"person": helper.page} if helper.page else {}
        letters.tell("sign_in_disowned_notice", helper.user, links=links, company=helper.company, **person)
    if not helpers:
        at = letters.in_words(timezone.now(), user)
        outbox.enqueue("accounts/mail/sign_in_disowned_notice", to=settings.SUPPORT_EMAIL, context={**person, "at": at})


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
