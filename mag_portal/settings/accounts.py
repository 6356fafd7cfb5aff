"""Signing in: passwords, second factors, sessions, devices."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from mag_portal.settings.environment import BASE_URL, MAG_ENV, OPERATOR_NAME, PRODUCTION

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.UserIdOrEmailBackend"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "sft:home"
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2id",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if MAG_ENV == "test":
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
PASSWORD_MINIMUM_LENGTH = 15
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MINIMUM_LENGTH},
    },
    {"NAME": "accounts.validators.GuessablePasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
ONE_TIME_PASSWORD_LIFETIME = timedelta(days=7)
ONE_TIME_PASSWORD_TRIES = 5
# Wrong passwords in a row, from wherever, that switch a password off (NIST SP 800-63B, 3.2.2: at most 100).
WRONG_PASSWORDS_IN_A_ROW = 100
SIGN_IN_WINDOW = timedelta(minutes=30)

# The demonstration of ``make run`` lets staff look around with a password, which production refuses whatever its rule says.
STAFF_NEED_SECOND_FACTOR = PRODUCTION
OTP_WEBAUTHN_CREDENTIAL_MODEL = "accounts.Passkey"
OTP_WEBAUTHN_ATTESTATION_MODEL = "accounts.PasskeyAttestation"
# Browsers know passkeys over https only, and on localhost, and for names only, not for addresses.
OTP_WEBAUTHN_RP_ID = str(urlsplit(BASE_URL).hostname)
PASSKEYS_POSSIBLE = BASE_URL.startswith("https://") or OTP_WEBAUTHN_RP_ID == "localhost"
OTP_WEBAUTHN_RP_NAME = OPERATOR_NAME
OTP_WEBAUTHN_ALLOWED_ORIGINS = [BASE_URL] if PASSKEYS_POSSIBLE else ["http://localhost"]
RECOVERY_CODES = 10
FACTOR_RESET_LIFETIME = timedelta(days=7)
EMAIL_CHANGE_LIFETIME = timedelta(days=1)
# How long a fresh proof of who somebody is opens what needs one.
CONFIRMED_FOR = timedelta(minutes=10)

SESSION_ENGINE = "accounts.session_store"
SESSION_IDLE = timedelta(hours=1)
SESSION_IDLE_STAFF = timedelta(minutes=15)
SESSION_ABSOLUTE = timedelta(hours=24)
SESSION_ABSOLUTE_STAFF = timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_IDLE.total_seconds())
# How long before its end a page warns of it.
SESSION_WARNING = timedelta(minutes=2)
# How long a browser that somebody signed in with is known without being used again.
DEVICE_LIFETIME = timedelta(days=400)
NOT_ME_LIFETIME = timedelta(days=7)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "core.views.errors.csrf_failure"
