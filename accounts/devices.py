"""What a browser is called where its owner looks for it in a list, and the cookie by which it is known again."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.services import devices
from core.http import Request

# The first that occurs in the header counts: Edge and Opera also say Chrome, Chrome also says Safari.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def label_of(request: HttpRequest) -> str:
    """``Firefox on Windows``; ``A program`` for what is no browser."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " on ".join(part for part in (browser, system) if part) or "A program"


def remember(request: Request, response: HttpResponse, *, user: User, is_first_time: bool) -> None:
    """Let this browser be known from now on as one that ``user``, who has just come in, signs in with."""
    given = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    kept = devices.recognise(
        request.actor, user=user, secret=given, label=label_of(request), is_first_time=is_first_time
    )
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        kept,
        max_age=settings.DEVICE_LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
