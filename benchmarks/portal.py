"""The whole gateway as ``make run`` starts it, on the services of the benchmark, for figures that only the whole has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mag_portal.local import ports

REPOSITORY = Path(__file__).resolve().parent.parent
# What a benchmark decides for itself, whatever the shell that started it says.
NOT_INHERITED = ("STAGING_DIR", "BASE_URL", "UPLOAD_ORIGINS", "PORT", "DATA_DIR", "DJANGO_SETTINGS_MODULE")
START_SECONDS = 600


@dataclass(frozen=True)
class Portal:
    """A running gateway: its data folder, the port of its pages, and what ``run.json`` says of it."""

    folder: Path
    port: str
    process: subprocess.Popen[bytes]

    @property
    def run(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return content

    @property
    def token(self) -> str:
        """An access token of a demonstration account that may send and fetch files."""
        return next(str(account["token"]) for account in self.run["accounts"] if account.get("token"))

    def variables(self) -> dict[str, str]:
        """The environment that its processes have."""
        lines = (self.folder / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def environment(self) -> dict[str, str]:
        """What one more process of it is started with."""
        return {**_inherited(), **self.variables()}

    def pid_of(self, name: str) -> int:
        return int(self.run["processes"][name])

    @contextmanager
    def resting(self, name: str) -> Iterator[None]:
        """One of its processes stands still meanwhile."""
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def ask(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        """A JSON request under the access token; the document that comes back (empty where there is none)."""
        request = urllib.request.Request(  # noqa: S310 - the address of our own gateway
            f"{self.run['base_url']}{path}",
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - as above
            found: dict[str, Any] = json.loads(response.read() or b"{}")
        return found


@contextmanager
def running(*, wrapper: Sequence[str] = (), **variables: str) -> Iterator[Portal]:
    """Start the gateway in a folder of its own and wait until it is ready; nothing of it is left afterwards.

    ``wrapper`` stands before the command, such as the one that enters a network namespace. Services that the environment
    names are used, others are started.
    """
    with tempfile.TemporaryDirectory(prefix="mag-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        port = str(ports.find(1)[0])
        process = subprocess.Popen(
            (*wrapper, sys.executable, "-m", "mag_portal.local"),
            cwd=REPOSITORY,
            env={**_inherited(), "DATA_DIR": str(folder / "data"), "PORT": port, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        portal = Portal(folder / "data", port, process)
        try:
            _wait_for(portal)
            yield portal
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}


def _wait_for(portal: Portal) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (portal.folder / "run.json").exists():
        if portal.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("The gateway did not start; its words are above.")
        time.sleep(0.2)


def resident_mib(pid: int) -> float:
    """The resident memory of the largest process among ``pid`` and its children, in MiB."""
    found = [pid, *children(pid)]
    return max(_resident(each) for each in found) / 1024


def threads(pid: int) -> int:
    """How many threads the processes below ``pid`` have together."""
    return sum(len(list(Path(f"/proc/{child}/task").iterdir())) for child in children(pid))


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
