"""Every setting of the gateway, read once from the environment and typed here.

``docs/operations.md`` explains each variable. In production nothing secret has a default: the process refuses to start
and names what is missing. ``MAG_ENV=development`` (what ``make run`` and ``make test`` set) fills the gaps for a laptop.
"""

from __future__ import annotations

import json
import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MAG_ENV: str = env.str("MAG_ENV", default="production")
if MAG_ENV not in {"production", "development", "test"}:
    raise ImproperlyConfigured("MAG_ENV must be production, development or test.")
PRODUCTION = MAG_ENV == "production"


def required(name: str, *, development: str) -> str:
    """The variable's value; outside production a missing one is filled with the ``development`` value."""
    value: str = env.str(name, default="")
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set. docs/operations.md says what it is for.")
    return development


DEBUG = env.bool("DEBUG", default=False)
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("DEBUG cannot be on when MAG_ENV is production.")

SECRET_KEY = required("SECRET_KEY", development="development-only-" + "0" * 48)
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short: it needs at least 50 random characters.")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
# id:key,id:key - the first encrypts, all of them decrypt; each key is 32 random bytes in base64url.
_field_keys = required("FIELD_KEYS", development="development:" + "A" * 43 + "=").split(",")
FIELD_KEYS: dict[str, str] = dict(item.strip().partition(":")[::2] for item in _field_keys)
# The key's name is told in messages: what is no name may be the key itself.
if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", key_id) for key_id in FIELD_KEYS):
    raise ImproperlyConfigured("FIELD_KEYS must read id:key,id:key.")
# One of two keys of one name would be lost, and with it what it sealed.
if len(FIELD_KEYS) < len(_field_keys):
    raise ImproperlyConfigured("FIELD_KEYS names two keys alike: a new key needs a name of its own.")
# The Ed25519 key that signs exports of the audit trail: 32 random bytes in base64url.
AUDIT_SIGNING_KEY = required("AUDIT_SIGNING_KEY", development="Q" * 42 + "A=")
for name, key in {
    **{f"FIELD_KEYS ({key_id})": key for key_id, key in FIELD_KEYS.items()},
    "AUDIT_SIGNING_KEY": AUDIT_SIGNING_KEY,
}.items():
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key):
        raise ImproperlyConfigured(f"{name} is not a key: it needs 32 random bytes in base64url.")

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- Who runs this gateway, and under which addresses -------------------------------------------------------------
OPERATOR_NAME: str = env.str("OPERATOR_NAME", default="Exostar")
OPERATOR_LOGO_URL: str = env.str("OPERATOR_LOGO_URL", default="")
OPERATOR_HUE: float = env.float("OPERATOR_HUE", default=215.0)
OPERATOR_CHROMA: float = env.float("OPERATOR_CHROMA", default=0.065)
if not 0 <= OPERATOR_CHROMA <= 0.12:
    raise ImproperlyConfigured("OPERATOR_CHROMA must lie between 0 (grey) and 0.12.")
SUPPORT_EMAIL: str = env.str("SUPPORT_EMAIL", default="support@mag.example")
# Whom to tell of a weakness: a mailto: or https: address, in /.well-known/security.txt.
SECURITY_CONTACT: str = env.str("SECURITY_CONTACT", default=f"mailto:{SUPPORT_EMAIL}")
if not SECURITY_CONTACT.startswith(("mailto:", "https://")):
    raise ImproperlyConfigured("SECURITY_CONTACT must start with mailto: or https://.")
BASE_URL = required("BASE_URL", development="http://localhost:8000").rstrip("/")
UPLOAD_ORIGINS: list[str] = [origin.rstrip("/") for origin in env.list("UPLOAD_ORIGINS", default=[BASE_URL])]
ALLOWED_HOSTS: list[str] = env.list(
    "ALLOWED_HOSTS",
    default=sorted({str(urlsplit(origin).hostname) for origin in (BASE_URL, *UPLOAD_ORIGINS)}),
)
CSRF_TRUSTED_ORIGINS: list[str] = [BASE_URL]
TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", default=0)

# --- Which process this is ----------------------------------------------------------------------------------------
POOL: str = env.str("MAG_POOL", default="pages")
if POOL not in {"pages", "uploads"}:
    raise ImproperlyConfigured("MAG_POOL must be pages or uploads.")
NODE_NAME: str = env.str("NODE_NAME", default=socket.gethostname())

# --- Rooms --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "mag_portal.apps.PortalConfig",
    "core.apps.CoreConfig",
    "accounts.apps.AccountsConfig",
    "orgs.apps.OrgsConfig",
    "transfers.apps.TransfersConfig",
    "sft.apps.SftConfig",
    "mag_portal.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "captcha",
    "csp",
    "django_countries",
    "django_otp",
    "django_otp_webauthn",
    "phonenumber_field",
]

PAGES_MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.SecurityHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.NulMiddleware",
    "core.middleware.ProgramMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "accounts.middleware.PersonalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "core.middleware.ActorMiddleware",
    "core.middleware.DomainErrorMiddleware",
]
# Part bodies come with a scoped token, not with a cookie: no session, no CSRF, no messages.
UPLOADS_MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.SecurityHeadersMiddleware",
    "core.middleware.DomainErrorMiddleware",
]
MIDDLEWARE = UPLOADS_MIDDLEWARE if POOL == "uploads" else PAGES_MIDDLEWARE
ROOT_URLCONF = "mag_portal.urls_uploads" if POOL == "uploads" else "mag_portal.urls"
WSGI_APPLICATION = "mag_portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "core.context_processors.operator",
                "accounts.context_processors.session",
                "sft.context_processors.workspace",
            ],
            "builtins": ["core.templatetags.ui"],
        },
    },
]
FORM_RENDERER = "core.forms.FieldGroupRenderer"

# --- Data ---------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **environ.Env.db_url_config(
            required("DATABASE_URL", development="postgres://mag@127.0.0.1:5432/mag"),
        ),
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {
                "min_size": 0,
                "max_size": env.int("DATABASE_POOL_SIZE", default=16),
                "timeout": 10,
                "max_idle": 60,
            },
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required("REDIS_URL", development="redis://127.0.0.1:6379/0")
REDIS_TIMEOUT_SECONDS = 1.0
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": REDIS_TIMEOUT_SECONDS, "socket_timeout": REDIS_TIMEOUT_SECONDS},
    },
}

# --- Object storage and the staging folder ------------------------------------------------------------------------
S3_ENDPOINT_URL = required("S3_ENDPOINT_URL", development="http://127.0.0.1:8333")
S3_ACCESS_KEY_ID = required("S3_ACCESS_KEY_ID", development="development")
S3_SECRET_ACCESS_KEY = required("S3_SECRET_ACCESS_KEY", development="development-secret")
S3_BUCKET: str = env.str("S3_BUCKET", default="mag-transfers")
S3_REGION: str = env.str("S3_REGION", default="us-east-1")
# Where browsers reach the same store: opens the direct door.
S3_PUBLIC_ENDPOINT_URL: str = env.str("S3_PUBLIC_ENDPOINT_URL", default="").rstrip("/")
if not re.fullmatch(r"(https?://[^/?#@]+)?", S3_PUBLIC_ENDPOINT_URL):
    raise ImproperlyConfigured("S3_PUBLIC_ENDPOINT_URL must read https://host or https://host:port, without a path.")
if PRODUCTION and S3_PUBLIC_ENDPOINT_URL.startswith("http://"):
    raise ImproperlyConfigured("S3_PUBLIC_ENDPOINT_URL must start with https:// when MAG_ENV is production.")
S3_PLACEMENT: str = env.str("S3_PLACEMENT", default="shared")
if S3_PLACEMENT not in {"shared", "prefix", "bucket"}:
    raise ImproperlyConfigured("S3_PLACEMENT must be shared, prefix or bucket.")
if S3_PLACEMENT == "bucket" and len(S3_BUCKET) > 46:
    raise ImproperlyConfigured("S3_BUCKET must have at most 46 characters when S3_PLACEMENT is bucket.")
S3_SSE: str = env.str("S3_SSE", default="")
if S3_SSE not in {"", "AES256", "aws:kms"}:
    raise ImproperlyConfigured("S3_SSE must be empty, AES256 or aws:kms.")
S3_SSE_KMS_KEY_ID: str = env.str("S3_SSE_KMS_KEY_ID", default="")
if S3_SSE_KMS_KEY_ID and S3_SSE != "aws:kms":
    raise ImproperlyConfigured("S3_SSE_KMS_KEY_ID is only used when S3_SSE is aws:kms.")
S3_OBJECT_LOCK_MODE: str = env.str("S3_OBJECT_LOCK_MODE", default="")
if S3_OBJECT_LOCK_MODE not in {"", "GOVERNANCE", "COMPLIANCE"}:
    raise ImproperlyConfigured("S3_OBJECT_LOCK_MODE must be empty, GOVERNANCE or COMPLIANCE.")
S3_OBJECT_LOCK_DAYS: int = env.int("S3_OBJECT_LOCK_DAYS", default=0)
if bool(S3_OBJECT_LOCK_MODE) != (S3_OBJECT_LOCK_DAYS > 0):
    raise ImproperlyConfigured(
        "S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_DAYS (1 or more) are set together or not at all."
    )
S3_ABANDON_AFTER_DAYS: int = env.int("S3_ABANDON_AFTER_DAYS", default=60)
# How files leave: through the portal, by nginx from the store, or by an address of the store.
DOWNLOADS: str = env.str("DOWNLOADS", default="stream")
if DOWNLOADS not in {"stream", "accel", "redirect"}:
    raise ImproperlyConfigured("DOWNLOADS must be stream, accel or redirect.")
# Where nginx tells how much of each download it has sent. Empty: the portal judges by its own connections.
RECEIPTS_DIR: str = env.str("RECEIPTS_DIR", default="")
if DOWNLOADS == "accel" and not RECEIPTS_DIR:
    raise ImproperlyConfigured("DOWNLOADS=accel needs RECEIPTS_DIR, where nginx tells what it has sent.")
if DOWNLOADS == "redirect" and not S3_PUBLIC_ENDPOINT_URL:
    raise ImproperlyConfigured("DOWNLOADS=redirect needs S3_PUBLIC_ENDPOINT_URL, where browsers reach the store.")
STAGING_DIR = Path(env.str("STAGING_DIR", default=str(DATA_DIR / "staging")))
STAGING_QUOTA_BYTES: int = env.int("STAGING_QUOTA_BYTES", default=64 * 1024**3)
UPLOAD_MAX_BYTES: int = env.int("UPLOAD_MAX_BYTES", default=5 * 1024**4)
UPLOAD_PART_BYTES: int = env.int("UPLOAD_PART_BYTES", default=16 * 1024**2)
UPLOAD_PART_LIMIT: int = env.int("UPLOAD_PART_LIMIT", default=10_000)
UPLOAD_EXPIRES_AFTER = timedelta(days=env.int("UPLOAD_EXPIRES_AFTER_DAYS", default=7))
if UPLOAD_EXPIRES_AFTER.days >= S3_ABANDON_AFTER_DAYS:
    raise ImproperlyConfigured("S3_ABANDON_AFTER_DAYS must be more than UPLOAD_EXPIRES_AFTER_DAYS.")
UPLOAD_TOKEN_LIFETIME = timedelta(hours=1)
# A line that brings less than a KiB in this time is taken for dead; what is missing is sent again over a new one.
UPLOAD_STALL_SECONDS: int = env.int("UPLOAD_STALL_SECONDS", default=60)
UPLOAD_ADDRESS_LIFETIME = timedelta(hours=1)
UPLOAD_DOOR: str = env.str("UPLOAD_DOOR", default="parts")
if UPLOAD_DOOR not in {"parts", "direct"}:
    raise ImproperlyConfigured("UPLOAD_DOOR must be parts or direct.")
if UPLOAD_DOOR == "direct" and not S3_PUBLIC_ENDPOINT_URL:
    raise ImproperlyConfigured("UPLOAD_DOOR=direct needs S3_PUBLIC_ENDPOINT_URL, where browsers reach the store.")
# A file that was sent for nothing in particular.
UPLOAD_LOOSE_LIFETIME = timedelta(days=env.int("UPLOAD_LOOSE_DAYS", default=7))
# 0: no limit. A subscription may have limits of its own.
UPLOAD_QUOTA_PER_USER_BYTES: int = env.int("UPLOAD_QUOTA_PER_USER_BYTES", default=0)
UPLOAD_QUOTA_PER_ORGANIZATION_BYTES: int = env.int("UPLOAD_QUOTA_PER_ORGANIZATION_BYTES", default=0)
# How many large files one worker reads back at once; the small ones pass beside them.
VERIFY_LARGE_AT_ONCE: int = env.int("VERIFY_LARGE_AT_ONCE", default=2)

# --- Malware scanner ----------------------------------------------------------------------------------------------
CLAMD_URL: str = env.str("CLAMD_URL", default="")
if not re.fullmatch(r"|tcp://[^/:@]+:\d{1,5}|unix:///.+", CLAMD_URL):
    raise ImproperlyConfigured("CLAMD_URL must read tcp://host:port or unix:///path, or be empty.")
CLAMD_MAX_BYTES: int = env.int("CLAMD_MAX_BYTES", default=4 * 1024**3 - 1)
CLAMD_TIMEOUT_SECONDS: int = env.int("CLAMD_TIMEOUT_SECONDS", default=300)
SCAN_TOO_LARGE: str = env.str("SCAN_TOO_LARGE", default="accept")
if SCAN_TOO_LARGE not in {"accept", "hold"}:
    raise ImproperlyConfigured("SCAN_TOO_LARGE must be accept or hold.")

# --- Mail ---------------------------------------------------------------------------------------------------------
EMAIL_URL = required("EMAIL_URL", development="smtp://127.0.0.1:2525")
# anymail://postmark: mail leaves by a hosted provider, under the name that Anymail gives it.
MAIL_PROVIDER = EMAIL_URL.removeprefix("anymail://").strip("/") if EMAIL_URL.startswith("anymail://") else ""
EMAIL = {} if MAIL_PROVIDER else environ.Env.email_url_config(EMAIL_URL)
EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend" if MAIL_PROVIDER else EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL.get("EMAIL_HOST") or "127.0.0.1"
EMAIL_PORT = EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(EMAIL.get("EMAIL_USE_TLS", False))
EMAIL_USE_SSL = bool(EMAIL.get("EMAIL_USE_SSL", False))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="gateway@mag.example")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_WEBHOOK_SECRET: str = env.str("MAIL_WEBHOOK_SECRET", default="")
if MAIL_WEBHOOK_SECRET and (len(MAIL_WEBHOOK_SECRET) < 40 or ":" not in MAIL_WEBHOOK_SECRET):
    raise ImproperlyConfigured("MAIL_WEBHOOK_SECRET must read name:secret and have at least 40 characters.")
ANYMAIL: dict[str, Any] = {
    **json.loads(env.str("ANYMAIL", default="") or "{}"),
    "WEBHOOK_SECRET": MAIL_WEBHOOK_SECRET,
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
}
if MAIL_PROVIDER:
    INSTALLED_APPS.append("anymail")

# --- Workers ------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    # Workers wait for messages one second at a time, so this must stay above one.
    "socket_timeout": 3.0,
    "visibility_timeout": 3600,
    # Publishing gives up after one more try: the sweeps are the retry.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"

# --- Signing in ---------------------------------------------------------------------------------------------------
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
# Django's own choice is a cookie that holds the words, which name people.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
# A tick for each of the files that a package may hold (sft.policies.FILES_PER_PACKAGE), and the form's own fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100

# --- Onboarding ---------------------------------------------------------------------------------------------------
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

# --- Transport, headers -------------------------------------------------------------------------------------------
HTTPS = BASE_URL.startswith("https://")
if PRODUCTION and not HTTPS:
    raise ImproperlyConfigured("BASE_URL must start with https:// when MAG_ENV is production.")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
HAND_OVER_COOKIE_NAME = "__Host-hand-over" if HTTPS else "hand-over"
LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=730).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "connect-src": [SELF, *UPLOAD_ORIGINS, *([S3_PUBLIC_ENDPOINT_URL] if S3_PUBLIC_ENDPOINT_URL else [])],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-report/",
    },
}

# --- Language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "mag_portal.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE: str = env.str("TIME_ZONE", default="UTC")
PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# --- Static files -------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if MAG_ENV == "test"
            else "mag_portal.staticfiles.HashedModulesStorage"
        ),
    },
}
# Tests find each file when it is asked for: looking for all of them first takes longer than most tests.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = MAG_ENV == "test"

# --- Logs ---------------------------------------------------------------------------------------------------------
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "core.logs.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "core.logs.OneLineFormatter",
            "fmt": "%(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "botocore": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
