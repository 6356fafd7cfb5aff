"""The whole gateway as ``make run`` starts it, for tests that look at it from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mag_portal.local import ports

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parent.parent
# What the tests' own services are called in the environment; the stack starts services of its own.
NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "STAGING_DIR",
    "BASE_URL",
    "MAG_ENV",
    "DJANGO_SETTINGS_MODULE",
)
NOT_INHERITED_PREFIXES = ("S3_", "PYTEST_", "MAG_TEST_")


def wait_until(check: Callable[[], T | None], *, within: float, what: str) -> T:
    """The first truthy answer of ``check``; fails the test when there is none in time."""
    deadline = time.monotonic() + within
    while True:
        if answer := check():
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {within:g} s")
        time.sleep(0.1)


class Stack:
    """``python -m mag_portal.local`` on a data folder and a port of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = ports.find(1)[0]
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    # --- What it says about itself --------------------------------------------------------------------------------

    @property
    def run(self) -> dict[str, Any]:
        """The content of ``run.json`` at this moment."""
        content: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
        return content

    @property
    def base_url(self) -> str:
        return str(self.run["base_url"])

    def variable(self, name: str) -> str:
        """The value of an environment variable as its processes have it."""
        return self.variables[name]

    def account(self, role: str, *, organization: str = "") -> dict[str, str]:
        """The first demonstration account with this role (and, if given, of this organisation)."""
        for account in self.run["accounts"]:
            if account["role"] == role and organization in ("", account["organization"]):
                return dict(account)
        pytest.fail(f"no demonstration account with the role {role!r}: {self.run['accounts']}")

    # --- Its life -------------------------------------------------------------------------------------------------

    def launch(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start it without waiting; ``variables`` are added to its environment."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (sys.executable, "-m", "mag_portal.local"),
                cwd=REPOSITORY,
                env={**plain_environment(), "DATA_DIR": str(self.data_dir), "PORT": str(self.port), **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._process

    def start(self, **variables: str) -> None:
        """Start it and wait until everything is ready."""
        run_file = self.data_dir / "run.json"
        run_file.unlink(missing_ok=True)
        process = self.launch(**variables)
        wait_until(lambda: run_file.exists() or process.poll() is not None, within=300, what="the stack is ready")
        if not run_file.exists():
            pytest.fail(f"the stack ended:\n{self.log.read_text(errors='replace')[-4000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 30) -> int:
        """Ask it to stop and wait for its end. Returns its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(timeout=within)

    # --- Its processes --------------------------------------------------------------------------------------------

    def pid_of(self, name: str) -> int:
        return int(self.run["processes"][name])

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kill one of its processes; returns the pid that was killed."""
        pid = self.pid_of(name)
        os.kill(pid, number)
        return pid

    def wait_for_restart(self, name: str, *, killed: int, within: float = 30) -> int:
        """Wait until a killed process runs again under another pid; returns that."""
        return wait_until(
            lambda: pid if (pid := self.pid_of(name)) != killed and alive(pid) else None,
            within=within,
            what=f"{name} is started again",
        )

    def manage(self, *arguments: str, **variables: str) -> str:
        """Run a management command against it, with ``variables`` added to its environment; returns what it prints."""
        done = subprocess.run(
            (sys.executable, "manage.py", *arguments),
            cwd=REPOSITORY,
            env={**plain_environment(), **self.variables, **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        """The environment that all of its processes share."""
        lines = (self.data_dir / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    # --- Its mailbox ----------------------------------------------------------------------------------------------

    def mails(self, *, to: str = "") -> list[dict[str, Any]]:
        """Newest first: ``id``, ``to``, ``sender``, ``subject``, ``at``, ``text``, ``html``, ``links``."""
        address = f"{self.run['mailbox_api']}?{urllib.parse.urlencode({'to': to})}"
        with urllib.request.urlopen(address, timeout=10) as response:  # noqa: S310
            found: list[dict[str, Any]] = json.load(response)
            return found

    def wait_for_mail(
        self, to: str, subject_contains: str, *, besides: Collection[str] = (), within: float = 30
    ) -> dict[str, Any]:
        """The newest mail to this address with these words in its subject whose id is not in ``besides``."""

        def look() -> dict[str, Any] | None:
            fitting = (mail for mail in self.mails(to=to) if subject_contains in mail["subject"])
            return next((mail for mail in fitting if mail["id"] not in besides), None)

        return wait_until(look, within=within, what=f"a mail to {to} about {subject_contains!r}")


def alive(pid: int) -> bool:
    """A process with this pid runs (an ended one that nobody has waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """Every process below this one."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child, *descendants(child)}
    return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running gateway for the whole test run: tests that use it share one worker (see conftest)."""
    running = Stack(tmp_path_factory.mktemp("stack") / "data")
    running.start()
    yield running
    accounts = running.run["accounts"]
    running.stop()
    written_down = {account[kind] for account in accounts for kind in ("password", "token")} - {""}
    leaked = secrets_in(running.log.read_text(errors="replace"), written_down)
    assert leaked == [], "Secrets stand in the log of the whole run."


# What the secret of a link, an access token, and what a One-Time Password or a recovery code look like.
SECRETS = re.compile(
    r"(?<=/)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])|mag_[A-Za-z0-9_-]{49}|\b(?:[A-HJ-NP-Z2-9]{4}-){3}[A-HJ-NP-Z2-9]{4}\b"
)


def secrets_in(log: str, known: Collection[str]) -> list[str]:
    """The lines of the stack’s processes in which a secret stands. The greeting, which tells accounts, is no log."""
    lines = [line for line in log.splitlines() if not line.startswith("gateway ")]
    return [line for line in lines if SECRETS.search(line) or any(secret in line for secret in known)]


def plain_environment() -> dict[str, str]:
    """The environment without what leads to the tests' own services."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_INHERITED and not name.startswith(NOT_INHERITED_PREFIXES)
    }
