"""Second factors in the hands of tests."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone
from django_otp.oath import TOTP

from accounts.models import AuthenticatorApp, User
from accounts.services import people
from accounts.services.factors import authenticator_apps, recovery_codes
from core.actor import Actor
from core.secrets_at_rest import open_sealed

STEP = timedelta(seconds=30)
ABOUT_TO_END = 3


def code_of(app: AuthenticatorApp) -> str:
    """What the app shows now; as people do, it waits for the next code where this one is about to end."""
    left = STEP.total_seconds() - timezone.now().timestamp() % STEP.total_seconds()
    if left < ABOUT_TO_END:
        time.sleep(left)
    totp = TOTP(open_sealed(app.key_sealed))
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"


def wrong_code_of(app: AuthenticatorApp) -> str:
    """Six digits that the app does not show now."""
    return f"{(int(code_of(app)) + 1) % 1_000_000:06d}"


def with_app(user: User, *, name: str = "Phone", codes: bool = True, staying: str | None = None) -> AuthenticatorApp:
    """An authenticator app of ``user``, whose code of now is still good; the session of key ``staying`` goes on."""
    actor = people.acting(user, seen=Actor.anonymous(ip="198.51.100.1"))
    app = authenticator_apps.begin(actor, user=user)
    authenticator_apps.confirm(actor, app=app, code=code_of(app), name=name, staying=staying)
    AuthenticatorApp.objects.filter(pk=app.pk).update(last_step=-1)
    user.refresh_from_db()
    if codes:
        recovery_codes.issue(actor, user=user)
    return app
