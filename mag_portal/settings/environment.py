"""How a setting is read from the environment, and what all others build on: keys, folders, names, addresses."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
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
