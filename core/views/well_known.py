"""Addresses that browsers, password managers and crawlers ask every site for."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# RFC 9116 wants less than a year; whoever asks gets the date anew each time.
SECURITY_CONTACT_STANDS_FOR = timedelta(days=180)


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """To the mark of the gateway, for browsers that look for no link in the page."""
    return redirect(static("mark.svg"))


@require_safe
@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Nothing here is for search engines."""
    return _text("User-agent: *", "Disallow: /")


@require_safe
@cache_control(public=True, max_age=3600)
def security(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """``security.txt`` (RFC 9116): whom to tell of a weakness."""
    expires = (timezone.now() + SECURITY_CONTACT_STANDS_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _text(
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires}",
        f"Canonical: {settings.BASE_URL}/.well-known/security.txt",
        f"Preferred-Languages: {', '.join(code for code, _ in settings.LANGUAGES)}",
    )


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Where password managers send people to change their password (W3C, “A Well-Known URL for Changing Passwords”)."""
    return redirect("accounts:change-password")


def _text(*lines: str) -> HttpResponse:
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
