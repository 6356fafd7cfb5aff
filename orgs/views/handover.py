"""Carrying a One-Time Password from the request that made it to the one page that shows it.

It travels in a cookie of the browser that is about to show it: encrypted, kept for two minutes, for no script to read, and
deleted by the page. So the server stores nothing but the hash, and a reload shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core import secrets_at_rest
from orgs.services.users import HandOver

SALT = "orgs.handover"
LIFETIME = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Secret:
    """A One-Time Password, and the key of whom it is for."""

    subject: UUID
    value: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the printable sheet beside the secret. Before approval there is neither a User ID nor an end."""

    person: str
    company: str
    user_id: str = ""
    until: datetime | None = None

    @property
    def address(self) -> str:
        return f"{settings.BASE_URL}{reverse('accounts:first-time-login')}"

    @property
    def days(self) -> int:
        return int(settings.ONE_TIME_PASSWORD_LIFETIME.days)


def offer(response: HttpResponse, *, subject: UUID, secret: str) -> None:
    """Let the page that the browser opens next show ``secret``."""
    response.set_cookie(
        settings.HAND_OVER_COOKIE_NAME,
        signing.dumps([str(subject), secrets_at_rest.seal(secret.encode())], salt=SALT),
        max_age=LIFETIME,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )


def answer(made: HandOver) -> HttpResponse:
    """To the page that shows a user and their One-Time Password once."""
    response = redirect("orgs:hand-over", pk=made.membership.pk)
    offer(response, subject=made.membership.pk, secret=made.one_time_password)
    return response


def take(request: HttpRequest) -> Secret | None:
    """The secret to show on this page, if there is one. Call ``forget`` on the response that shows it."""
    try:
        cookie = request.COOKIES.get(settings.HAND_OVER_COOKIE_NAME, "")
        subject, sealed = signing.loads(cookie, salt=SALT, max_age=LIFETIME)
        return Secret(UUID(subject), secrets_at_rest.open_sealed(sealed).decode())
    except (signing.BadSignature, ValueError, LookupError):
        return None


def forget(response: HttpResponse) -> None:
    response.delete_cookie(settings.HAND_OVER_COOKIE_NAME, samesite="Strict")
