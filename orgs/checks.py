"""System checks of this room: settings that would open its doors."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

SHORTEST_CAPTCHA_MINUTES = 5


def captcha_asks_people(**_options: Any) -> list[CheckMessage]:
    """The test mode of django-simple-captcha takes one answer for every image, so it is for tests alone."""
    if settings.CAPTCHA_TEST_MODE and settings.MAG_ENV != "test":
        return [
            Error("CAPTCHA_TEST_MODE is on, so that nobody has to read the captcha. Switch it off.", id="orgs.E001")
        ]
    return []


def captcha_gives_time(**_options: Any) -> list[CheckMessage]:
    """Less than five minutes is too short for people who listen, enlarge or rest (WCAG 2.2.1)."""
    if settings.CAPTCHA_TIMEOUT < SHORTEST_CAPTCHA_MINUTES:
        return [Error(f"CAPTCHA_TIMEOUT must be at least {SHORTEST_CAPTCHA_MINUTES} minutes.", id="orgs.E002")]
    return []
