"""One-Time Passwords: the initial secret that somebody tells a new user by another channel than mail.

The table holds the password hasher's output only. One lives at a time for a user; it ends by use, by
``ONE_TIME_PASSWORD_TRIES`` wrong tries, by time, or when another is issued.
"""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password, make_password
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import policies, queries, readable_codes
from accounts.models import OneTimePassword, User, UserState
from accounts.normal_form import normal_form
from accounts.services import locks, password_policy, sessions
from core import audit, states
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import Outcome

_GENERATED = re.compile(f"[{readable_codes.ALPHABET}]{{{readable_codes.LENGTH}}}")

REFUSED = (
    "This User ID and One-Time Password do not match, or the One-Time Password has ended. "
    "Check both; after five wrong tries, or when its time is over, the person who gave it to you can issue a new one."
)
ENDED = "This One-Time Password has ended meanwhile. Ask the person who gave it to you for a new one."
# The states in which a One-Time Password opens anything.
AWAITED = (UserState.INVITED, UserState.FIRST_LOGIN)
SWEEP = Actor.system("one-time password sweep")


def generate() -> str:
    """A new secret, ``K7QM-2WXR-9HTD-VB4E``: easy to say on the telephone."""
    return readable_codes.draw()


def check(secret: str, *, first_name: str = "", last_name: str = "", email: str = "") -> None:
    """Raises ``Invalid`` with ``fields["one_time_password"]`` when ``secret`` is below the password policy."""
    owner = User(first_name=first_name, last_name=last_name, email=email)
    password_policy.check(_canonical(secret), user=owner, field="one_time_password")


def hash_of(secret: str) -> str:
    """What may be kept of ``secret``, for ``issue``."""
    return make_password(_canonical(secret))


def issue(actor: Actor, *, user: User, secret_hash: str) -> OneTimePassword:
    """Give ``user`` a One-Time Password, whose clock starts now; an earlier one ends.

    Somebody who has a password already loses it, and every session with it: they go through First-Time Login again. Raises
    ``Conflict`` for a suspended or closed account.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        back_to_first_login(actor, locked)
        now = timezone.now()
        replaced = _open().filter(user=locked).update(revoked_at=now)
        issued = OneTimePassword.objects.create(
            user=locked,
            secret_hash=secret_hash,
            issued_by=actor.label,
            expires_at=now + settings.ONE_TIME_PASSWORD_LIFETIME,
        )
        audit.record(actor, "accounts.one_time_password.issue", locked, data={"replaced": replaced})
    user.refresh_from_db(fields=["state", "password", "session_epoch"])
    return issued


def verify(actor: Actor, *, user: User | None, secret: str) -> OneTimePassword:
    """The One-Time Password of ``user`` that ``secret`` is. It stays open: only ``use_up`` spends it.

    Raises ``Invalid`` with the same sentence, after the same work, for a wrong secret, an ended one, and nobody. A try is
    counted before the secret is compared and given back when it was right, so parallel guesses cannot outrun the limit.
    """
    candidate = _candidate(user)
    if candidate is None:
        # The same work as for a wrong secret.
        check_password(secret, UNUSABLE_PASSWORD_PREFIX)
    elif check_password(_canonical(secret), candidate.secret_hash) and _give_try_back(candidate):
        return candidate
    _refuse(actor, user, candidate)
    raise Invalid(REFUSED)


def still_open(one_time_password_id: UUID) -> OneTimePassword | None:
    """The One-Time Password that somebody gave rightly a while ago, unless it was used, killed or replaced since."""
    return _open().filter(pk=one_time_password_id).select_related("user").first()


def use_up(actor: Actor, one_time_password: OneTimePassword) -> None:
    """Spend it. Raises ``Conflict`` when it was used, killed or replaced meanwhile."""
    if not _open().filter(pk=one_time_password.pk).update(used_at=timezone.now()):
        raise Conflict(ENDED)
    audit.record(actor, "accounts.one_time_password.use", one_time_password.user)


def expire_due() -> int:
    """End and record every One-Time Password whose time is over; returns how many."""
    due = _open().filter(expires_at__lte=timezone.now()).select_related("user")
    return sum(_end(SWEEP, one_time_password, "expire") for one_time_password in due)


def back_to_first_login(actor: Actor, user: User) -> None:
    """Take the own password of ``user`` away and end every session: only a new One-Time Password leads in again.

    Raises ``Conflict`` for a suspended or closed account.
    """
    if user.state == UserState.INVITED:
        return
    policies.can_shut_out(actor, user).enforce()
    epoch = user.session_epoch + 1
    states.advance(user, "reissue", actor=actor, password=make_password(None), session_epoch=epoch, **locks.OPEN)
    sessions.clear(actor, user=user, because="Back to First-Time Login")


def fingerprint(secret: str) -> str:
    """Enough to recognise ``secret`` inside another text with the server's key, and nothing without it."""
    folded = _folded(secret)
    return f"{len(folded)}:{_mac(folded)}"


def is_within(text: str, fingerprint_of_secret: str) -> bool:
    """Whether ``text`` is or contains the secret, whatever its case, spaces and hyphens."""
    size, _, mac = fingerprint_of_secret.partition(":")
    folded, length = _folded(text), int(size)
    starts = range(len(folded) - length + 1)
    return any(constant_time_compare(_mac(folded[start : start + length]), mac) for start in starts)


def _candidate(user: User | None) -> OneTimePassword | None:
    """What may be compared with the secret of ``user``, one try taken off it; None where nothing may be tried."""
    if user is None or user.state not in AWAITED:
        return None
    found = queries.open_one_time_password(user)
    if found is None:
        return None
    triable = _open().filter(
        pk=found.pk,
        expires_at__gt=timezone.now(),
        wrong_tries__lt=settings.ONE_TIME_PASSWORD_TRIES,
    )
    return found if triable.update(wrong_tries=F("wrong_tries") + 1) else None


def _give_try_back(candidate: OneTimePassword) -> bool:
    return bool(_open().filter(pk=candidate.pk).update(wrong_tries=F("wrong_tries") - 1))


def _refuse(actor: Actor, user: User | None, wrong: OneTimePassword | None) -> None:
    with transaction.atomic():
        audit.record(actor, "accounts.one_time_password.try", user, outcome=Outcome.REFUSED)
        if wrong:
            _end(actor, wrong, "exhaust", wrong_tries__gte=settings.ONE_TIME_PASSWORD_TRIES)


def _end(actor: Actor, one_time_password: OneTimePassword, why: str, **condition: int) -> bool:
    with transaction.atomic():
        ended = _open().filter(pk=one_time_password.pk, **condition).update(revoked_at=timezone.now())
        if ended:
            audit.record(actor, f"accounts.one_time_password.{why}", one_time_password.user)
    return bool(ended)


def _open() -> models.QuerySet[OneTimePassword]:
    return OneTimePassword.objects.filter(used_at__isnull=True, revoked_at__isnull=True)


def _canonical(secret: str) -> str:
    """A generated secret in its one spelling, however it was typed; any other as it is, without outer spaces."""
    secret = normal_form(secret).strip()
    letters = readable_codes.compact(secret).upper()
    return readable_codes.spelled(letters) if _GENERATED.fullmatch(letters) else secret


def _folded(text: str) -> str:
    return readable_codes.compact(normal_form(text)).casefold()


def _mac(text: str) -> str:
    return salted_hmac("accounts.one_time_password", text, algorithm="sha256").hexdigest()
