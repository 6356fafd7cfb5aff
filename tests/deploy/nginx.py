"""deploy/nginx.conf as it is, with values of a test's own, and the real nginx in front of whatever a test names."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.tables import REPOSITORY

TEMPLATE = REPOSITORY / "deploy" / "nginx.conf"
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
VALUE = re.compile(r"\$\{([A-Z_]+)\}")


def values_wanted() -> set[str]:
    """The names that the configuration is filled in with."""
    return set(VALUE.findall(TEMPLATE.read_text()))


def rendered(values: dict[str, str]) -> str:
    """The configuration with ``values``, as envsubst of the nginx image makes it. Raises ``KeyError`` for a missing one."""
    return VALUE.sub(lambda found: values[found[1]], TEMPLATE.read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_certificate(folder: Path) -> None:
    subject = ("-subj", "/CN=gateway.example", "-days", "1")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"))
    subprocess.run(("openssl", "req", "-x509", *key, *subject, *files), check=True, capture_output=True)


@dataclass
class Nginx:
    """An nginx of the test's own on loopback, all its files below ``folder``; ``values`` replace those of production."""

    folder: Path
    values: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        for name in ("tls", "receipts", "static"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        make_certificate(self.folder / "tls")
        ours = {
            "NGINX_USER": getpass.getuser(),
            "RUN_FOLDER": str(self.folder),
            "ERROR_LOG": str(self.folder / "error.log"),
            "ACCESS_LOG": str(self.folder / "access.log"),
            "RECEIPTS_FOLDER": str(self.receipts),
            "STATIC_FOLDER": str(self.folder / "static"),
            "TLS_FOLDER": str(self.folder / "tls"),
            "HTTP_LISTEN": f"127.0.0.1:{free_port()}",
            "HTTPS_LISTEN": f"127.0.0.1:{self.port}",
            "BASE_URL": "http://gateway.example",
            "PAGES_SERVERS": "server 127.0.0.1:9;",
            "UPLOAD_SERVERS": "server 127.0.0.1:9;",
            "STORE_SERVERS": "server 127.0.0.1:9;",
            "STORE_SCHEME": "http",
            "STORE_HOST": "127.0.0.1:9",
            "HEADER_TIMEOUT": "20s",
            "BODY_TIMEOUT": "75s",
            "SEND_TIMEOUT": "60s",
            "CONNECTIONS_PER_ADDRESS": "100",
        }
        self.values = ours | self.values
        self.configuration.write_text(rendered(self.values))

    @property
    def configuration(self) -> Path:
        return self.folder / "nginx.conf"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def receipts(self) -> Path:
        return self.folder / "receipts"

    def check(self) -> str:
        """What nginx has to say of its configuration: nothing, if all is well."""
        done = subprocess.run(self._command("-t", "-q"), capture_output=True, text=True, check=False)
        return done.stderr if done.returncode else ""

    def start(self) -> None:
        self._process = subprocess.Popen(self._command("-g", "daemon off;"))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "error.log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def _command(self, *options: str) -> tuple[str, ...]:
        assert PROGRAM is not None
        return (
            PROGRAM,
            "-p",
            str(self.folder),
            "-c",
            str(self.configuration),
            "-e",
            self.values["ERROR_LOG"],
            *options,
        )
