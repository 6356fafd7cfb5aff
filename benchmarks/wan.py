"""Uploads and downloads over long, lossy lines: one curl PUT, tus-js-client, our engine in Chromium, ``mag-sft``.

The whole gateway runs at the far end of the line behind nginx, the client at the near end. The sender's congestion control
stands with each figure: it decides more than anything else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import portal, servers
from benchmarks.figures import Figure
from benchmarks.line import FAR, Line, Profile

LINES = (
    Profile(10, 0.1, 200),
    Profile(90, 1, 200),
    Profile(150, 2, 200),
    Profile(200, 2, 200),
    Profile(100, 1, 200),
)
FAST = Profile(200, 2, 1000)
WAYS = ("curl", "tus", "browser-1", "browser-4", "sft-cubic", "sft-bbr", "fetch-cubic", "fetch-bbr")
WANTED = os.environ.get("BENCH_WAYS", " ".join(WAYS)).split()
TURNS = int(os.environ.get("BENCH_TURNS", "2"))
CUT = float(os.environ.get("BENCH_CUT", "40"))
SIZE_MIB = int(os.environ.get("BENCH_LINE_MIB", "256"))
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


def main() -> list[Figure]:
    figures: list[Figure] = []
    chosen = os.environ.get("BENCH_LINES", "")
    for profile in (*LINES, FAST):
        if not chosen or str(round(profile.round_trip)) in chosen.split():
            figures += _measure(profile)
    return figures


def _measure(profile: Profile) -> list[Figure]:
    ways = ["sft-bbr"] if profile is FAST else WANTED
    values: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(1, TURNS + 1):
        with Line(profile, seed=turn) as line, _far_end(line) as far:
            for way in ways:
                value = far.measure(way)
                values[way].append(value)
                print(f"  {profile}: {way}: {value:.3g} Mbit/s", flush=True)
    figures = [
        Figure(f"{profile}: {_label(way)}", found, "Mbit/s", goal=_goal(profile, way)) for way, found in values.items()
    ]
    if "curl" in values:
        figures += [
            Figure(f"{profile}: {_label(way)} through one curl PUT", _ratios(values, way), "×", goal="≥ 15")
            for way in ("browser-4",)
            if way in values
        ]
    return figures


def _ratios(values: dict[str, list[float]], way: str) -> list[float]:
    return [mine / theirs for mine, theirs in zip(values[way], values["curl"], strict=True)]


def _label(way: str) -> str:
    return {
        "curl": "one curl PUT, cubic",
        "tus": "tus-js-client, cubic",
        "browser-1": "Chromium, one upload origin, cubic",
        "browser-4": "Chromium, four upload origins, cubic",
        "sft-cubic": "mag-sft, cubic",
        "sft-bbr": "mag-sft, bbr",
        "fetch-cubic": "download by mag-sft, server cubic",
        "fetch-bbr": "download by mag-sft, server bbr",
    }[way]


def _goal(profile: Profile, way: str) -> str:
    if profile is FAST:
        return "≥ 505"
    reached = (profile.round_trip, profile.loss) == (100, 1) and way in {"sft-bbr", "fetch-bbr"}
    return f"≥ {profile.rate * 0.7:g}" if reached else ""


@dataclass
class FarEnd:
    line: Line
    gateway: portal.Portal
    root: Path
    run: dict[str, Any]
    fetched: str = ""

    def measure(self, way: str) -> float:
        """Mbit/s of payload that the other side has acknowledged."""
        kind, _, variant = way.partition("-")
        measures: dict[str, Callable[[str], tuple[int, float]]] = {
            "curl": self._curl,
            "tus": self._tus,
            "browser": self._browser,
            "sft": self._sft,
            "fetch": self._fetch,
        }
        count, seconds = measures[kind](variant)
        return count * 8 / 1e6 / seconds

    def _curl(self, _variant: str) -> tuple[int, float]:
        target = self.root / "put" / "measured.bin"
        answer = self._client("curl", "--mib", "128")
        drafts = [file for file in (self.root / "body").rglob("*") if file.is_file()]
        size = target.stat().st_size if target.exists() else max((file.stat().st_size for file in drafts), default=0)
        target.unlink(missing_ok=True)
        return size, answer["seconds"]

    def _tus(self, _variant: str) -> tuple[int, float]:
        answer = self._client("tus", "--origin", f"http://{FAR}:{ORIGINS[0]}", *self._token)
        return answer["bytes"], answer["seconds"]

    def _browser(self, origins: str) -> tuple[int, float]:
        account = next(account for account in self.run["accounts"] if account.get("token"))
        options = ("--user", account["user_id"], "--password", account["password"])
        connections = str(24 if origins == "4" else 6)
        answer = self._ask("benchmarks.line.browser", *options, "--connections", connections)
        return answer["bytes"], answer["seconds"]

    def _sft(self, congestion: str) -> tuple[int, float]:
        answer = self._client("sft", *self._token, "--congestion", congestion)
        return answer["bytes"], answer["seconds"]

    def _fetch(self, congestion: str) -> tuple[int, float]:
        self.line.congestion(self.line.far, congestion)
        answer = self._client("fetch", *self._token, "--upload", self._file())
        self.line.congestion(self.line.far, "cubic")
        return answer["bytes"], answer["seconds"]

    @property
    def _token(self) -> tuple[str, str]:
        return "--token", self.gateway.token

    def _file(self) -> str:
        """A file at the gateway to fetch, sent from its own end."""
        if not self.fetched:
            file = self.root / "fetched.bin"
            with file.open("wb") as target:
                for _ in range(SIZE_MIB):
                    target.write(os.urandom(1024**2))
            environment = {**os.environ, "MAG_SFT_GATEWAY": ADDRESS, "MAG_SFT_TOKEN": self.gateway.token}
            environment["XDG_STATE_HOME"] = str(self.root)
            command = (*self.line.far, sys.executable, "-m", "mag_sft", "upload", "--json", str(file))
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            self.fetched = json.loads(done.stdout)["upload_id"]
        return self.fetched

    def _client(self, *arguments: str) -> dict[str, Any]:
        return self._ask("benchmarks.line.client", *arguments)

    def _ask(self, module: str, *arguments: str) -> dict[str, Any]:
        given = ("--address", ADDRESS, "--cut", str(CUT))
        sizes = () if "--mib" in arguments else ("--mib", str(SIZE_MIB))
        command = (*self.line.near, sys.executable, "-m", module, *arguments, *given, *sizes)
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


@contextmanager
def _far_end(line: Line) -> Iterator[FarEnd]:
    """The gateway and nginx at the far end; both ends send with cubic unless told otherwise."""
    origins = ",".join(f"http://{FAR}:{port}" for port in ORIGINS)
    for end in (line.near, line.far):
        line.congestion(end, "cubic")
    for name in NOT_THERE:
        os.environ.pop(name, None)
    with portal.running(wrapper=line.far, BASE_URL=ADDRESS, UPLOAD_ORIGINS=origins) as gateway:
        root = gateway.folder.parent / "nginx"
        (root / "put").mkdir(parents=True)
        process = _nginx(line, gateway, root)
        try:
            yield FarEnd(line, gateway, root, gateway.run)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _nginx(line: Line, gateway: portal.Portal, root: Path) -> subprocess.Popen[bytes]:
    """As deploy/nginx.conf where it matters here: bodies straight through, HTTP/1.1; and a folder that takes curl's PUT."""
    pages = gateway.port
    uploads = str(json.loads((gateway.folder / "ports.json").read_text())["uploads"])
    listens = "\n".join(f"listen {FAR}:{port};" for port in ORIGINS)
    configuration = root / "nginx.conf"
    configuration.write_text(f"""
daemon off; user root; worker_processes 1; error_log {root}/error.log; pid {root}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 600s; client_body_timeout 600s;
  upstream pages {{ server 127.0.0.1:{pages}; keepalive 16; }}
  upstream uploads {{ server 127.0.0.1:{uploads}; keepalive 64; }}
  server {{
    listen {FAR}:{PAGES};
    location / {{ proxy_pass http://pages; }}
    location /put/ {{ root {root}; dav_methods PUT; }}
  }}
  server {{ {listens} location / {{ proxy_pass http://uploads; }} }}
}}
""")
    process = line.start(line.far, servers.program(), "-p", str(root), "-c", str(configuration))
    time.sleep(1)
    return process
