"""The secrets of one embedded stack, made once and kept readable for their owner only."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Every value is made of URL-safe characters."""

    secret_key: str
    database_superuser_password: str
    database_password: str
    redis_password: str
    s3_access_key: str
    s3_secret_key: str


def generate() -> Credentials:
    return Credentials(
        secret_key=secrets.token_urlsafe(64),
        database_superuser_password=secrets.token_urlsafe(24),
        database_password=secrets.token_urlsafe(24),
        redis_password=secrets.token_urlsafe(24),
        s3_access_key=secrets.token_hex(10).upper(),
        s3_secret_key=secrets.token_urlsafe(30),
    )


def load(data_dir: Path) -> Credentials:
    """The secrets of this data folder; made and stored at the first call."""
    path = data_dir / "secrets.json"
    if not path.exists():
        fresh = generate()
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(fresh), indent=1) + "\n")
        return fresh
    return Credentials(**json.loads(path.read_text()))
