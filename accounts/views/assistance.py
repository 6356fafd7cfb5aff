"""Help for people who are not in yet."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.http import Request


@require_safe
def registration(request: Request) -> HttpResponse:
    """Account Registration Assistance: the ways to Secure File Transfer, step by step."""
    context = {"business_days": settings.REVIEW_BUSINESS_DAYS, "shortest": settings.PASSWORD_MINIMUM_LENGTH}
    return render(request, "accounts/help/registration.html", context)


@require_safe
def login(request: Request) -> HttpResponse:
    """Login Assistance: what can go wrong at the door, and what to do."""
    context = {
        "tries": settings.ONE_TIME_PASSWORD_TRIES,
        "one_time_password_days": settings.ONE_TIME_PASSWORD_LIFETIME.days,
        "shortest": settings.PASSWORD_MINIMUM_LENGTH,
        "reset_minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        "idle_minutes": settings.SESSION_COOKIE_AGE // 60,
    }
    return render(request, "accounts/help/login.html", context)
