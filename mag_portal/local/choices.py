"""What the person who starts the stack decides, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mag_portal.local import object_store
from mag_portal.local.process import CannotStart

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 8000
HIGHEST_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class Choices:
    """``given`` holds the variables that each replace one embedded service; ``settings`` those we would make up otherwise."""

    port: int
    data_dir: Path
    environment: str
    node_name: str
    base_url: str
    bucket: str
    region: str
    given: Mapping[str, str]
    settings: Mapping[str, str]

    @property
    def production(self) -> bool:
        return self.environment == "production"


def read() -> Choices:
    """Raises ``CannotStart`` for a value that cannot be used."""
    port = _port(os.environ.get("PORT", ""))
    replaceable = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL", "EMAIL_URL")
    given = _set_among(*replaceable)
    if "S3_ENDPOINT_URL" in given:
        given |= {name: _required(name) for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")}
    return Choices(
        port=port,
        data_dir=Path(os.environ.get("DATA_DIR") or REPOSITORY / "var").resolve(),
        environment=os.environ.get("MAG_ENV") or "development",
        node_name=os.environ.get("NODE_NAME") or "local",
        base_url=(os.environ.get("BASE_URL") or f"http://localhost:{port}").rstrip("/"),
        bucket=os.environ.get("S3_BUCKET") or object_store.BUCKET,
        region=os.environ.get("S3_REGION") or object_store.REGION,
        given=given,
        settings=_set_among("SECRET_KEY", "FIELD_KEYS", "AUDIT_SIGNING_KEY", "UPLOAD_ORIGINS", "UPLOAD_DOOR"),
    )


def _set_among(*names: str) -> dict[str, str]:
    return {name: value for name in names if (value := os.environ.get(name, ""))}


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
        raise CannotStart(f"PORT={text} is not a port: it is a number from 1 to {HIGHEST_PORT}.")
    return int(text)


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise CannotStart(f"S3_ENDPOINT_URL is set, so {name} has to be set too.")
    return value
