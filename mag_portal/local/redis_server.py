"""Redis of the embedded stack."""

from __future__ import annotations

from pathlib import Path

import redis

from mag_portal.local import programs
from mag_portal.local.credentials import Credentials
from mag_portal.local.ports import LOOPBACK
from mag_portal.local.process import Process


def url(credentials: Credentials, *, port: int) -> str:
    return f"redis://:{credentials.redis_password}@{LOOPBACK}:{port}/0"


def process(folder: Path, credentials: Credentials, *, port: int, durable: bool = True) -> Process:
    """Write the configuration into ``folder`` and describe the server that runs on it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f'bind {LOOPBACK}\nport {port}\nrequirepass {credentials.redis_password}\ndir "{folder}"\n'
        f'appendonly {"yes" if durable else "no"}\nsave ""\ndaemonize no\ndatabases 64\nloglevel warning\n'
    )
    return Process(
        name="redis",
        command=(programs.redis_server(), str(configuration)),
        folder=folder,
        ready=lambda: answers(url(credentials, port=port)),
    )


def answers(redis_url: str) -> bool:
    try:
        with redis.Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
