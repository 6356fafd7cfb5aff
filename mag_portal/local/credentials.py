"""The secrets of one embedded stack, made once and kept readable for their owner only."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Every value is made of URL-safe characters, the two keys with ``=`` at their end."""

    secret_key: str
    field_key: str
    audit_signing_key: str
    database_superuser_password: str
    database_password: str
    redis_password: str
    s3_access_key: str
    s3_secret_key: str
    s3_encryption_key: str


def generate() -> Credentials:
    return Credentials(
        secret_key=secrets.token_urlsafe(64),
        field_key=_key(),
        audit_signing_key=_key(),
        database_superuser_password=secrets.token_urlsafe(24),
        database_password=secrets.token_urlsafe(24),
        redis_password=secrets.token_urlsafe(24),
        s3_access_key=secrets.token_hex(10).upper(),
        s3_secret_key=secrets.token_urlsafe(30),
        s3_encryption_key=secrets.token_urlsafe(30),
    )


def load(data_dir: Path) -> Credentials:
    """The secrets of this data folder; what is not there yet is made and stored."""
    path = data_dir / "secrets.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    credentials = Credentials(**{**asdict(generate()), **known})
    if asdict(credentials) != known:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(credentials), indent=1) + "\n")
    return credentials


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
