"""Onboarding: invitations, registrations, requests to join, the captcha."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from mag_portal.settings.environment import env

INVITATION_LIFETIME = timedelta(days=30)
INVITATION_REMINDER_BEFORE = timedelta(days=7)
INVITATION_MAILS_A_DAY: int = env.int("INVITATION_MAILS_A_DAY", default=20_000)
INVITATION_FILE_KEPT = timedelta(days=1)
REGISTRATION_DRAFT_LIFETIME = timedelta(days=30)
REGISTRATION_DRAFT_REMINDER = timedelta(days=5)
REVIEW_BUSINESS_DAYS = 2
REGISTRATION_ANSWER_LIFETIME = timedelta(days=30)
REGISTRATION_ANSWER_REMINDER = timedelta(days=5)
REGISTRATION_ANSWER_WARNING = timedelta(days=5)
JOIN_CONFIRMATION_LIFETIME = timedelta(days=1)
JOIN_REQUEST_LIFETIME = timedelta(days=30)
JOIN_REMINDER_AFTER = timedelta(days=7)
DUPLICATE_NAME_LIKENESS: float = env.float("DUPLICATE_NAME_LIKENESS", default=0.55)
if not 0.3 <= DUPLICATE_NAME_LIKENESS <= 1:
    raise ImproperlyConfigured("DUPLICATE_NAME_LIKENESS must lie between 0.3 (hardly alike) and 1 (the same).")
FOUR_EYES_APPROVAL: bool = env.bool("FOUR_EYES_APPROVAL", default=False)
REQUIRED_IDENTIFIERS: list[str] = env.list("REQUIRED_IDENTIFIERS", default=[])
if unknown := set(REQUIRED_IDENTIFIERS) - {"uei", "cage", "duns", "tax_id"}:
    raise ImproperlyConfigured(f"REQUIRED_IDENTIFIERS names what no profile has: {', '.join(sorted(unknown))}.")
REFUSE_DISPOSABLE_MAIL: bool = env.bool("REFUSE_DISPOSABLE_MAIL", default=True)

# --- Captcha ------------------------------------------------------------------------------------------------------
CAPTCHA_TIMEOUT = 30  # minutes
CAPTCHA_LENGTH = 6
CAPTCHA_CHALLENGE_FUNCT = "orgs.captcha.challenge"
CAPTCHA_FONT_SIZE = 40
CAPTCHA_LETTER_ROTATION = (-25, 25)
CAPTCHA_TEST_MODE = False
CAPTCHA_GET_FROM_POOL = False
