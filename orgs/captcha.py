"""The text of a captcha image."""

from __future__ import annotations

import secrets

from django.conf import settings

# Nothing that looks like something else once it is turned and struck through.
ALPHABET = "ACDEFHJKLMNPRTUVWXY34679"


def challenge() -> tuple[str, str]:
    """What the image shows, and the answer to it."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(settings.CAPTCHA_LENGTH))
    return text, text.lower()
