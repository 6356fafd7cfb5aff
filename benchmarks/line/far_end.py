"""What stands at the far end of a line: the whole gateway, nginx before it, and the ledger that says what has arrived."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import portal, servers
from benchmarks.line import FAR, Line

PAGES, ORIGINS = 8080, (8081, 8082, 8083, 8084)
ADDRESS = f"http://{FAR}:{PAGES}"
# The services of the far end are its own: it sees nothing of this machine's network.
NOT_THERE = (
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "S3_ENDPOINT_URL",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "S3_BUCKET",
    "S3_REGION",
)
READY_SECONDS = 10
SETTLE_SECONDS = 300


@dataclass
class FarEnd:
    """The far end while the context lasts. Nothing is asked of it over the line."""

    line: Line
    gateway: portal.Portal
    root: Path

    @property
    def account(self) -> dict[str, Any]:
        found: dict[str, Any] = next(account for account in self.gateway.run["accounts"] if account.get("token"))
        return found

    @contextmanager
    def nginx(self) -> Iterator[None]:
        """nginx for one measurement. Its end resets every connection, so that nothing of one is on the line in the next."""
        process = self.line.start(
            self.line.far, servers.program(), "-p", str(self.root), "-c", str(self.root / "nginx.conf")
        )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while self._curl("--output", os.devnull, f"{ADDRESS}/healthz").returncode:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("nginx did not start; its words are above.")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)

    def arrived(self) -> int:
        """The bytes of the newest upload that are here: those in the ledger, and those of parts that are being written."""
        upload = self._newest()
        if upload is None:
            return 0
        by_part: dict[int, int] = {}
        for row in (*upload["parts"], *upload.get("pieces", ())):
            if row.get("state") != "missing":
                by_part[row["number"]] = by_part.get(row["number"], 0) + row["size"]
        for number, size in self._under_way(upload["id"].replace("-", "")):
            by_part[number] = by_part.get(number, 0) + size
        return sum(min(size, upload["part_size"]) for size in by_part.values())

    def put_arrived(self) -> int:
        """The bytes of the PUT that nginx itself takes."""
        files = [file for folder in ("put", "body") for file in (self.root / folder).rglob("*") if file.is_file()]
        return max((file.stat().st_size for file in files), default=0)

    def forget(self, *, keep: str = "") -> None:
        """Remove what was sent, but for ``keep``; return when nothing works on it any more."""
        for file in (self.root / "put").iterdir():
            file.unlink()
        for upload in self._ask("GET", "/transfers/uploads/")["uploads"]:
            if upload["id"] != keep:
                self._remove(upload["id"], upload["state"])

    def _remove(self, upload_id: str, state: str) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while state in {"receiving", "pushing", "verifying", "stored"}:
            if state in {"receiving", "stored"}:
                self._ask("DELETE", f"/transfers/uploads/{upload_id}/")
            if time.monotonic() > deadline:
                raise RuntimeError(f"The upload stays {state}.")
            time.sleep(0.3)
            state = self._ask("GET", f"/transfers/uploads/{upload_id}/?parts=none").get("state", "gone")

    def keep(self, file: Path) -> str:
        """Send a file from this end; its id once it is stored."""
        environment = {**os.environ, "MAG_SFT_GATEWAY": ADDRESS, "MAG_SFT_TOKEN": self.gateway.token}
        environment["XDG_STATE_HOME"] = str(self.root)
        command = (*self.line.far, sys.executable, "-m", "mag_sft", "upload", "--json", str(file))
        with self.nginx():
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        return str(json.loads(done.stdout)["upload_id"])

    def _newest(self) -> dict[str, Any] | None:
        uploads = self._ask("GET", "/transfers/uploads/")["uploads"]
        return self._ask("GET", f"/transfers/uploads/{uploads[0]['id']}/") if uploads else None

    def _under_way(self, upload: str) -> Iterator[tuple[int, int]]:
        """Number and size of the parts that the upload pool is writing."""
        pool = self.gateway.pid_of("uploads")
        for process in (pool, *portal.children(pool)):
            for descriptor in Path(f"/proc/{process}/fd").iterdir():
                with contextlib.suppress(OSError, ValueError):
                    file = descriptor.readlink()
                    if file.name.startswith(f"{upload}."):
                        yield int(file.name.split(".")[1]), descriptor.stat().st_size

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        """A request past nginx; an empty document where it is refused."""
        headers = ("-H", f"Authorization: Bearer {self.gateway.token}", "-H", f"Host: {FAR}:{PAGES}")
        answer = self._curl("--request", method, *headers, f"http://127.0.0.1:{self.gateway.port}{path}")
        found: dict[str, Any] = json.loads(answer.stdout or b"{}")
        return {} if answer.returncode else found

    def _curl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = (*self.line.far, "curl", "--silent", "--fail", "--max-time", "60", *arguments)
        return subprocess.run(command, check=False, capture_output=True)


@contextmanager
def far_end(line: Line) -> Iterator[FarEnd]:
    """The gateway and its folder, and nginx's settings; it dies with us."""
    origins = ",".join(f"http://{FAR}:{port}" for port in ORIGINS)
    wrapper = ("setpriv", "--pdeathsig", "TERM", *line.far)
    with _without(NOT_THERE), portal.running(wrapper=wrapper, BASE_URL=ADDRESS, UPLOAD_ORIGINS=origins) as gateway:
        root = gateway.folder.parent / "nginx"
        (root / "put").mkdir(parents=True)
        uploads = str(json.loads((gateway.folder / "ports.json").read_text())["uploads"])
        (root / "nginx.conf").write_text(_configuration(root, pages=gateway.port, uploads=uploads))
        yield FarEnd(line, gateway, root)


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _configuration(root: Path, *, pages: str, uploads: str) -> str:
    """As deploy/nginx.conf where it matters here: bodies straight through, HTTP/1.1; and a folder that takes curl's PUT."""
    listens = "\n".join(f"listen {FAR}:{port};" for port in ORIGINS)
    return f"""
daemon off; user root; worker_processes 1; error_log {root}/error.log; pid {root}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  proxy_request_buffering off; proxy_max_temp_file_size 0; proxy_read_timeout 600s; client_body_timeout 600s;
  upstream pages {{ server 127.0.0.1:{pages}; keepalive 16; }}
  upstream uploads {{ server 127.0.0.1:{uploads}; keepalive 64; }}
  server {{
    listen {FAR}:{PAGES};
    location / {{ proxy_pass http://pages; }}
    location /put/ {{ root {root}; dav_methods PUT; }}
  }}
  server {{ {listens} location / {{ proxy_pass http://uploads; }} }}
}}
"""
