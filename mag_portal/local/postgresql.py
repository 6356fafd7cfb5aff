"""PostgreSQL of the embedded stack: one cluster in a folder, reached over TCP on 127.0.0.1 with a password.

PostgreSQL refuses to run as root. When root starts the stack, it runs as the unprivileged uid 65534, which owns its data
folder and nothing else. It keeps one capability, to pass folders closed to others: a checkout below /root is common.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

import psycopg

from mag_portal.local import programs
from mag_portal.local.credentials import Credentials
from mag_portal.local.ports import LOOPBACK
from mag_portal.local.process import CannotStart, Process

UNPRIVILEGED_ID = 65534
ROLE = DATABASE = "mag"
# Nothing that speaks to a temporary cluster outlives it, so it need not survive a power cut.
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def url(credentials: Credentials, *, port: int) -> str:
    return f"postgres://{ROLE}:{credentials.database_password}@{LOOPBACK}:{port}/{DATABASE}"


def prepare(folder: Path, credentials: Credentials) -> None:
    """Make the cluster, its role and its database in ``folder`` unless they are there. Resumes after an interruption."""
    data = folder / "data"
    if (folder / "complete").exists():
        _remove_stale_lock(data)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    _give_away(folder)
    _initialise(folder, credentials)
    _create_role_and_database(data, credentials)
    (folder / "complete").touch()


def process(folder: Path, credentials: Credentials, *, port: int, durable: bool = True) -> Process:
    """The server of a prepared ``folder``."""
    settings = {**SETTINGS, "port": str(port), **({} if durable else FAST_AND_FORGETFUL)}
    return Process(
        name="postgresql",
        run_as=_drop_root(),
        command=(
            programs.postgresql("postgres"),
            "-D",
            str(folder / "data"),
            *(f"--{name}={value}" for name, value in settings.items()),
        ),
        environment={"LC_ALL": "C"},
        folder=folder,
        ready=lambda: answers(url(credentials, port=port)),
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT if durable else signal.SIGQUIT,
    )


def answers(database_url: str) -> bool:
    try:
        with psycopg.connect(database_url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _initialise(folder: Path, credentials: Credentials) -> None:
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(credentials.database_superuser_password)
    _give_away(password_file)
    try:
        _run(
            programs.postgresql("initdb"),
            f"--pgdata={folder / 'data'}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-sync",
        )
    finally:
        password_file.unlink()


def _create_role_and_database(data: Path, credentials: Credentials) -> None:
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{credentials.database_password}'",
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
    )
    _run(
        programs.postgresql("postgres"),
        "--single",
        "-D",
        str(data),
        "postgres",
        lines="".join(f"{statement}\n" for statement in statements),
    )


def _run(*command: str, lines: str = "") -> None:
    done = subprocess.run(
        (*_drop_root(), *command),
        input=lines,
        capture_output=True,
        text=True,
        cwd="/",
        # Nothing of the caller's own PGPORT, PGDATA, PGOPTIONS … may reach it.
        env={"PATH": os.defpath, "LC_ALL": "C"},
        check=False,
    )
    if done.returncode:
        raise CannotStart(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}")


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID)


@cache
def _drop_root() -> tuple[str, ...]:
    """The command prefix that makes root the unprivileged user; empty for everybody else."""
    if os.geteuid() != 0:
        return ()
    plain = (
        programs.setpriv(),
        f"--reuid={UNPRIVILEGED_ID}",
        f"--regid={UNPRIVILEGED_ID}",
        "--clear-groups",
    )
    passing_folders = (*plain, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    for prefix in (passing_folders, plain):
        if _works(prefix):
            return prefix
    raise CannotStart(
        "PostgreSQL must not run as root, and the unprivileged user it would run as cannot read "
        f"{Path(programs.postgresql('postgres')).parent}: start as an ordinary user, or move the checkout to a folder "
        "that every user may enter."
    )


def _works(prefix: tuple[str, ...]) -> bool:
    check = subprocess.run(
        (*prefix, programs.postgresql("postgres"), "--version"), capture_output=True, cwd="/", check=False
    )
    return check.returncode == 0


def _remove_stale_lock(data: Path) -> None:
    """A killed server leaves its lock file; PostgreSQL trusts it when an unrelated process got the same pid since."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = lock.read_text().split("\n", 1)[0]
    try:
        owner = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        owner = b""
    if str(data).encode() not in owner:
        lock.unlink()
