"""PostgreSQL of the embedded stack: one cluster in a folder, reached over TCP on 127.0.0.1 with a password.

PostgreSQL refuses to run as root. When root starts the stack, it runs as the owner of its data folder: the unprivileged uid
65534, or whoever made the folder before. It keeps one capability, to pass folders closed to others (a checkout below /root is
common), where capabilities are to be had.
"""

from __future__ import annotations

import contextlib
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
    "log_checkpoints": "off",
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
    discard(folder)
    folder.mkdir(parents=True, mode=0o711)
    data.mkdir(mode=0o700)
    _give_away(data)
    _initialise(folder, credentials)
    _create_role_and_database(data, credentials)
    (folder / "complete").touch()


def discard(folder: Path) -> None:
    """Remove a cluster that does not run. Its own user empties the data folder: root may lack the right to."""
    data = folder / "data"
    if data.exists():
        with contextlib.suppress(CannotStart):
            _run(data, "find", str(data), "-mindepth", "1", "-delete")
        with contextlib.suppress(OSError):
            data.rmdir()
    shutil.rmtree(folder, ignore_errors=True)


def process(folder: Path, credentials: Credentials, *, port: int, durable: bool = True) -> Process:
    """The server of a prepared ``folder``."""
    settings = {**SETTINGS, "port": str(port), **({} if durable else FAST_AND_FORGETFUL)}
    return Process(
        name="postgresql",
        run_as=_drop_root(folder / "data"),
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
    data, password_file = folder / "data", folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(credentials.database_superuser_password)
    _give_away(password_file)
    try:
        _run(
            data,
            programs.postgresql("initdb"),
            f"--pgdata={data}",
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
        data,
        programs.postgresql("postgres"),
        "--single",
        "-D",
        str(data),
        "postgres",
        lines="".join(f"{statement}\n" for statement in statements),
    )


def _run(data: Path, *command: str, lines: str = "") -> None:
    """Run a program as the owner of the data folder."""
    done = subprocess.run(
        (*_drop_root(data), *command),
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
    if os.geteuid() != 0:
        return
    try:
        os.chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    except PermissionError as error:
        raise CannotStart(
            "PostgreSQL must not run as root, and root may not hand its data to another user here: start as an ordinary user."
        ) from error


@cache
def _drop_root(data: Path) -> tuple[str, ...]:
    """The command prefix that makes root the owner of the data folder; empty for everybody else."""
    if os.geteuid() != 0:
        return ()
    owner = data.stat()
    plain = (programs.setpriv(), f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups")
    passing_folders = (*plain, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    for prefix in (passing_folders, plain):
        if _works(prefix, data):
            return prefix
    raise CannotStart(
        "PostgreSQL must not run as root, and the unprivileged user it would run as cannot get at "
        f"{Path(programs.postgresql('postgres')).parent} or {data}: start as an ordinary user, or put the checkout and "
        "DATA_DIR where every user may pass."
    )


def _works(prefix: tuple[str, ...], data: Path) -> bool:
    script = 'test -w "$1" && exec "$2" --version'
    check = (*prefix, "sh", "-c", script, "sh", str(data), programs.postgresql("postgres"))
    return subprocess.run(check, capture_output=True, cwd="/", check=False).returncode == 0


def _remove_stale_lock(data: Path) -> None:
    """A killed server leaves its lock file; PostgreSQL trusts it when an unrelated process got the same pid since."""
    lock = data / "postmaster.pid"
    try:
        pid = lock.read_text().split("\n", 1)[0]
    except OSError:
        return
    try:
        owner = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        owner = b""
    if str(data).encode() not in owner:
        lock.unlink()
