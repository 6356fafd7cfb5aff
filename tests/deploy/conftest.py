"""The real nginx before a real uploads pool and a real pages pool, started once for all tests of a module."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from tests.deploy.nginx import PROGRAM, Nginx, free_port


@dataclass(frozen=True)
class Gateway:
    """``nginx`` with the limits of production, ``strict`` with ones that a test can reach; both before the same pools."""

    nginx: Nginx
    strict: Nginx
    staging: Path


def _pool(name: str, port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "gunicorn", "mag_portal.wsgi", f"--bind=127.0.0.1:{port}")
    options = ("--config=python:mag_portal.local.gunicorn", "--worker-class=gthread", "--workers=1", "--threads=12")
    quiet = ("--no-control-socket", "--log-level=warning", "--keep-alive=75")
    return subprocess.Popen((*command, *options, *quiet), env={**environment, "MAG_POOL": name})


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Nothing answers on port {port}.")


@pytest.fixture(scope="module")
def gateway(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    if PROGRAM is None:
        pytest.skip("nginx is not installed: apt-get install nginx")
    folder = tmp_path_factory.mktemp("nginx")
    # Its own processes may be another user's, who has no business in the folders above.
    folder.chmod(0o755)
    pages, uploads = free_port(), free_port()
    store = urlsplit(settings.S3_ENDPOINT_URL).netloc
    behind = {
        "PAGES_SERVERS": f"server 127.0.0.1:{pages};",
        "UPLOAD_SERVERS": f"server 127.0.0.1:{uploads};",
        "STORE_SERVERS": f"server {store};",
        "STORE_HOST": store,
    }
    nginx = Nginx(folder / "usual", values=dict(behind))
    limits = {"HEADER_TIMEOUT": "1s", "BODY_TIMEOUT": "1s", "CONNECTIONS_PER_ADDRESS": "2"}
    strict = Nginx(folder / "strict", values=behind | limits)
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": (
            f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        ),
        "BASE_URL": nginx.address,
        "TRUSTED_PROXY_COUNT": "1",
        "NODE_NAME": "here",
        "STAGING_DIR": str(folder / "staging"),
        "UPLOAD_PART_BYTES": str(5 * 1024**2),
        "DOWNLOADS": "accel",
        "RECEIPTS_DIR": str(nginx.receipts),
    }
    started = [_pool("pages", pages, environment), _pool("uploads", uploads, environment)]
    try:
        nginx.start()
        strict.start()
        for port in (pages, uploads):
            _wait_for(port)
        yield Gateway(nginx, strict, folder / "staging")
    finally:
        for server in (nginx, strict):
            server.stop()
        for pool in started:
            pool.kill()
            pool.wait()
