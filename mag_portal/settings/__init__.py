"""Every setting of the gateway, read once from the environment and typed here, a module for each room that has many.

``docs/operations.md`` explains each variable. In production nothing secret has a default: the process refuses to start
and names what is missing. ``MAG_ENV=development`` (what ``make run`` and ``make test`` set) fills the gaps for a laptop.
"""

# ruff: noqa: F403 - what Django reads are the names of this one module

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from mag_portal.settings.accounts import *
from mag_portal.settings.environment import *
from mag_portal.settings.environment import (
    BASE_DIR,
    BASE_URL,
    DATA_DIR,
    MAG_ENV,
    PRODUCTION,
    TRUSTED_PROXY_COUNT,
    UPLOAD_ORIGINS,
    env,
    required,
)
from mag_portal.settings.mail import *
from mag_portal.settings.mail import MAIL_PROVIDER
from mag_portal.settings.orgs import *
from mag_portal.settings.transfers import *
from mag_portal.settings.transfers import S3_PUBLIC_ENDPOINT_URL

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
    *(["anymail"] if MAIL_PROVIDER else []),
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
# Django's own choice is a cookie that holds the words, which name people.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
# A tick for each of the files that a package may hold (sft.policies.FILES_PER_PACKAGE), and the form's own fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100

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
                # A thousand lines that come back at once wait for each other here, and a part that took minutes to arrive is
                # worth a wait.
                "timeout": 30 if POOL == "uploads" else 10,
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
