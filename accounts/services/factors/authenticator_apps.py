"""Authenticator apps: set up with a key, and proved with the code of the current 30 seconds (RFC 6238), each code once.

The code of the 30 seconds before or after is not taken (tolerance 0): the clocks of telephones are right to the second, and
a code that was looked over a shoulder is good for as short a time as can be.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp.oath import TOTP

from accounts.models import AuthenticatorApp, User
from accounts.proofs import FactorKind
from accounts.services import sessions
from accounts.services.factors import names, telling
from accounts.services.factors.overview import ensure_offered
from core import audit
from core.actor import Actor
from core.errors import Gone, Invalid, TooMany
from core.models import Outcome
from core.secrets_at_rest import open_sealed, seal

KEY_BYTES = 20
PENDING_FOR = timedelta(hours=1)
# The wait doubles with each wrong code; from this one on it stays at a little over an hour.
LONGEST_ROW_OF_FAILURES = 13
# After so many wrong codes in a row the owner is told: whoever types them is past the password.
ALARMING = 5
WRONG = "This is not the code that your app shows now. Codes change every 30 seconds: type the one you see."
USED = "This code was used already. Wait until your app shows the next one."
ENDED = "Setting up this app took too long. Begin again; the entry in your app that was not finished can be deleted."


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of a code: the app that showed it, or that it was used before, or until when no try counts.

    ``alarming`` is true once in a row of wrong codes.
    """

    app: AuthenticatorApp | None = None
    used: bool = False
    locked_until: datetime | None = None
    alarming: bool = False


def begin(actor: Actor, *, user: User) -> AuthenticatorApp:  # noqa: ARG001 - every service takes its actor
    """A new key for ``user``, which counts for nothing until ``confirm``. Raises ``NotAllowed`` where no app counts."""
    ensure_offered(user, FactorKind.AUTHENTICATOR_APP)
    AuthenticatorApp.objects.filter(user=user, confirmed=False, created_at__lt=timezone.now() - PENDING_FOR).delete()
    app = AuthenticatorApp(user=user, confirmed=False, key_sealed=seal(secrets.token_bytes(KEY_BYTES)))
    app.save(force_insert=True)
    return app


def pending(user: User, app_id: UUID | str) -> AuthenticatorApp:
    """The app that is being set up. Raises ``Gone`` when that took too long or was finished elsewhere."""
    since = timezone.now() - PENDING_FOR
    waiting = AuthenticatorApp.objects.filter(pk=app_id, user=user, confirmed=False, created_at__gte=since)
    app: AuthenticatorApp | None = waiting.first()
    if app is None:
        raise Gone(ENDED, code="expired")
    return app


def confirm(
    actor: Actor, *, app: AuthenticatorApp, code: str, name: str = "", staying: str | None = None
) -> AuthenticatorApp:
    """Take ``app`` into use: whoever set it up reads its code. The owner is told by mail; every session ends but the one of
    key ``staying``.

    Raises ``Invalid`` with ``fields["code"]`` or ``fields["name"]``, ``TooMany`` after wrong codes, ``Gone`` when that
    session was ended meanwhile.
    """
    user = User.objects.get(pk=app.user_id)
    kept_name = names.checked(user, name or names.free(user, FactorKind.AUTHENTICATOR_APP.label))
    with transaction.atomic():
        sessions.hold(user, key=staying)
        rows = AuthenticatorApp.objects.select_for_update().filter(pk=app.pk, confirmed=False)
        tried = _try(list(rows), code)
        if tried.app is not None:
            AuthenticatorApp.objects.filter(pk=app.pk).update(confirmed=True, name=kept_name)
            audit.record(actor, "accounts.factor.add", user, data=_about(app, kept_name))
            telling.owner(user, "factor_added", factor=kept_name, kind=FactorKind.AUTHENTICATOR_APP.label)
            sessions.end_others(actor, user=user, keep=staying, reason="second factor added")
    _refuse(tried)
    app.refresh_from_db()
    return app


def prove(actor: Actor, *, user: User, code: str) -> None:
    """Take the code that one of ``user``'s apps shows now, once.

    Raises ``Invalid`` with ``fields["code"]`` for a wrong or a used code, and ``TooMany`` while the app waits after wrong
    ones: one second after the first, twice as long after each further one. A refusal is in the audit trail, and the owner is
    told by mail of ``ALARMING`` in a row.
    """
    with transaction.atomic():
        apps = AuthenticatorApp.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk")
        tried = _try(list(apps), code)
        if tried.app is None:
            data = {"kind": FactorKind.AUTHENTICATOR_APP.value}
            audit.record(actor, "accounts.factor.try", user, outcome=Outcome.REFUSED, reason=_reason(tried), data=data)
            if tried.alarming:
                telling.owner(user, "factor_tried", count=ALARMING)
    _refuse(tried)


def address(app: AuthenticatorApp, user: User) -> str:
    """What the QR code holds: the ``otpauth:`` address that authenticator apps read."""
    issuer = f"{settings.OPERATOR_NAME} MAG".replace(":", " ")
    query = urlencode({"secret": app.key_text, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(user.user_id)}?{query}"


def _try(apps: list[AuthenticatorApp], code: str) -> _Tried:
    """Compare ``code`` with what each of the locked ``apps`` shows; those that it is not of wait longer from now on."""
    triable = [app for app in apps if app.verify_is_allowed()[0]]
    if apps and not triable:
        return _Tried(locked_until=min(app.verify_is_allowed()[1]["locked_until"] for app in apps))
    typed = "".join(code.split())
    used = False
    for app in triable:
        step = _step_of(app, typed)
        if step is not None and _take(app, step):
            return _Tried(app=app)
        used = used or step is not None
    if used:
        return _Tried(used=True)
    AuthenticatorApp.objects.filter(pk__in=[app.pk for app in triable]).update(
        throttling_failure_timestamp=timezone.now(),
        throttling_failure_count=Least(F("throttling_failure_count") + 1, Value(LONGEST_ROW_OF_FAILURES)),
    )
    return _Tried(alarming=any(app.throttling_failure_count + 1 == ALARMING for app in triable))


def _step_of(app: AuthenticatorApp, typed: str) -> int | None:
    """The time step that is now, if ``typed`` is its code."""
    totp = TOTP(open_sealed(app.key_sealed))
    totp.time = timezone.now().timestamp()
    return totp.t() if constant_time_compare(f"{totp.token():06d}", typed) else None


def _take(app: AuthenticatorApp, step: int) -> bool:
    """Spend the code of ``step``; False when it was spent before."""
    fresh = AuthenticatorApp.objects.filter(pk=app.pk, last_step__lt=step)
    spent = fresh.update(
        last_step=step,
        last_used_at=timezone.now(),
        throttling_failure_count=0,
        throttling_failure_timestamp=None,
    )
    return bool(spent)


def _refuse(tried: _Tried) -> None:
    if tried.app is not None:
        return
    if tried.locked_until is not None:
        raise TooMany(retry_after=int((tried.locked_until - timezone.now()).total_seconds()) + 1)
    raise Invalid(fields={"code": USED if tried.used else WRONG})


def _reason(tried: _Tried) -> str:
    if tried.locked_until is not None:
        return "too many wrong codes"
    return "code used before" if tried.used else "wrong code"


def _about(app: AuthenticatorApp, name: str) -> dict[str, str]:
    return {"kind": FactorKind.AUTHENTICATOR_APP.value, "factor": str(app.pk), "name": name}
