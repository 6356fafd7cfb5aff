"""How mail leaves, and how bounces come back."""

from __future__ import annotations

import json
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from mag_portal.settings.environment import env, required

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
