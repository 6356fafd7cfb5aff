"""The object store, the staging folder, the doors of uploads, downloads, and the malware scanner."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from mag_portal.settings.environment import DATA_DIR, PRODUCTION, env, required

# --- Object storage and the staging folder ------------------------------------------------------------------------
S3_ENDPOINT_URL = required("S3_ENDPOINT_URL", development="http://127.0.0.1:8333")
S3_ACCESS_KEY_ID = required("S3_ACCESS_KEY_ID", development="development")
S3_SECRET_ACCESS_KEY = required("S3_SECRET_ACCESS_KEY", development="development-secret")
S3_BUCKET: str = env.str("S3_BUCKET", default="mag-transfers")
S3_REGION: str = env.str("S3_REGION", default="us-east-1")
# A file of authorities; those that botocore brings where it is empty.
S3_CA_BUNDLE: str = env.str("S3_CA_BUNDLE", default="")
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
# How many of those one person may have at a time; 0: no limit.
UPLOAD_LOOSE_PER_USER: int = env.int("UPLOAD_LOOSE_PER_USER", default=10_000)
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
