"""nginx with the configuration of production in front of a pool of pages of its own, on the services of a running gateway."""

from __future__ import annotations

import getpass
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.portal import REPOSITORY, Portal
from benchmarks.servers import START_SECONDS, program
from mag_portal.local import ports

TEMPLATE = REPOSITORY / "deploy" / "nginx.conf"


@contextmanager
def nginx(gateway: Portal, folder: Path) -> Iterator[str]:
    """The address at which nginx gives the files that the portal decides about (``DOWNLOADS=accel``), without TLS."""
    for name in ("receipts", "tls", "static"):
        (folder / name).mkdir(parents=True)
    port, redirecting, pages = ports.find(3)
    address = f"http://127.0.0.1:{port}"
    configuration = folder / "nginx.conf"
    configuration.write_text(_filled_in(gateway, folder, port, redirecting, pages))
    _certificate(folder / "tls")
    environment = {
        **gateway.environment(),
        "MAG_POOL": "pages",
        "BASE_URL": address,
        "TRUSTED_PROXY_COUNT": "1",
        "DOWNLOADS": "accel",
        "RECEIPTS_DIR": str(folder / "receipts"),
    }
    pool = (sys.executable, "-m", "gunicorn", "mag_portal.wsgi", f"--bind=127.0.0.1:{pages}", "--workers=1")
    options = ("--config=python:mag_portal.local.gunicorn", "--worker-class=gthread", "--threads=8")
    quiet = ("--no-control-socket", "--log-level=warning", "--keep-alive=75")
    server = (program(), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log"))
    with (
        subprocess.Popen((*pool, *options, *quiet), env=environment, cwd=REPOSITORY) as portal,
        subprocess.Popen((*server, "-g", "daemon off;")) as front,
    ):
        try:
            while not ports.answers(pages):
                if portal.poll() is not None:
                    raise RuntimeError("The pool did not start.")
                time.sleep(0.1)
            time.sleep(START_SECONDS)
            yield address
        finally:
            front.terminate()
            portal.terminate()


def _filled_in(gateway: Portal, folder: Path, port: int, redirecting: int, pages: int) -> str:
    store = urlsplit(gateway.run["s3"]["endpoint"])
    values = {
        "NGINX_USER": getpass.getuser(),
        "RUN_FOLDER": str(folder),
        "ERROR_LOG": str(folder / "error.log"),
        "ACCESS_LOG": str(folder / "access.log"),
        "RECEIPTS_FOLDER": str(folder / "receipts"),
        "STATIC_FOLDER": str(folder / "static"),
        "TLS_FOLDER": str(folder / "tls"),
        "HTTP_LISTEN": f"127.0.0.1:{redirecting}",
        "HTTPS_LISTEN": f"127.0.0.1:{port}",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PAGES_SERVERS": f"server 127.0.0.1:{pages};",
        "UPLOAD_SERVERS": f"server 127.0.0.1:{pages};",
        "STORE_SERVERS": f"server {store.netloc};",
        "STORE_SCHEME": store.scheme,
        "STORE_HOST": store.netloc,
        "HEADER_TIMEOUT": "20s",
        "BODY_TIMEOUT": "75s",
        "SEND_TIMEOUT": "60s",
        "CONNECTIONS_PER_ADDRESS": "100",
    }
    return re.sub(r"\$\{([A-Z_]+)\}", lambda found: values[found[1]], TEMPLATE.read_text())


def _certificate(folder: Path) -> None:
    """What the configuration names; nothing is encrypted here."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"))
    subject = ("-subj", "/CN=gateway.example", "-days", "1")
    subprocess.run(("openssl", "req", "-x509", *key, *subject, *files), check=True, capture_output=True)
