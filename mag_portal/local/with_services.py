"""``python -m mag_portal.local.with_services COMMAND…``: run a command beside fresh temporary services.

PostgreSQL, Redis, an S3 store and an SMTP server start in a temporary folder on free ports of 127.0.0.1; the command
finds them in its environment, and its exit code is ours. ``DATABASE_URL``, ``REDIS_URL``, ``S3_ENDPOINT_URL`` (with its
two keys) and ``EMAIL_URL`` each replace one of them. Nothing outlives the command, however it or we end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mag_portal.local import credentials as secrets
from mag_portal.local import data_folder, mail, object_store, ports, postgresql, redis_server
from mag_portal.local.process import CannotStart, Process, sweep, tethered

USAGE_ERROR = 2
FOLDERS = "mag-services-"


@contextmanager
def temporary_services(*, durable: bool = False) -> Iterator[Mapping[str, str]]:
    """Start what the environment does not name already; yield the variables that lead to it.

    ``durable`` makes them write as production does, for whoever measures how long that takes.
    """
    remove_abandoned()
    with temporary_folder() as folder:
        processes, variables = describe(folder, durable=durable)
        with running(processes, log_folder=folder):
            yield variables


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is locked while it is in use, from before its name can be seen."""
    hidden = Path(tempfile.mkdtemp(prefix=f".{FOLDERS}"))
    # The database's own user has to pass to its folder within.
    hidden.chmod(0o711)
    with data_folder.held(hidden):
        folder = hidden.rename(hidden.with_name(hidden.name.removeprefix(".")))
        try:
            yield folder
        finally:
            _remove(folder)


def remove_abandoned() -> None:
    """Remove the folders of runs that were killed: ours, and locked by nobody."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
        with contextlib.suppress(CannotStart, OSError):
            if folder.lstat().st_uid == os.geteuid():
                with data_folder.held(folder):
                    _remove(folder)


def _remove(folder: Path) -> None:
    postgresql.discard(folder / "postgresql")
    shutil.rmtree(folder, ignore_errors=True)


def describe(folder: Path, *, durable: bool = False) -> tuple[list[Process], dict[str, str]]:
    """The services that are missing in the environment, prepared in ``folder``, and the variables to them."""
    credentials = secrets.generate()
    port, redis_port, smtp_port, mailbox_port, *s3_ports = ports.find(4 + object_store.PORTS_NEEDED)
    processes: list[Process] = []
    variables = {
        "MAG_ENV": os.environ.get("MAG_ENV", "test"),
        "DATA_DIR": str(folder / "data"),
        "STAGING_DIR": str(folder / "data" / "staging"),
    }
    (folder / "data" / "staging").mkdir(parents=True)
    if not os.environ.get("DATABASE_URL"):
        postgresql.prepare(folder / "postgresql", credentials)
        processes.append(postgresql.process(folder / "postgresql", credentials, port=port, durable=durable))
        variables["DATABASE_URL"] = postgresql.url(credentials, port=port)
    if not os.environ.get("REDIS_URL"):
        processes.append(redis_server.process(folder / "redis", credentials, port=redis_port, durable=durable))
        variables["REDIS_URL"] = redis_server.url(credentials, port=redis_port)
    if not os.environ.get("S3_ENDPOINT_URL"):
        store = object_store.embedded(credentials, ports=s3_ports)
        processes.append(object_store.process(folder / "s3", credentials, ports=s3_ports))
        variables |= store.variables
    if not os.environ.get("EMAIL_URL"):
        processes.append(mail.process(folder / "mail", smtp_port=smtp_port, web_port=mailbox_port))
        variables["EMAIL_URL"] = mail.url(smtp_port=smtp_port)
    return processes, variables


@contextmanager
def running(processes: list[Process], *, log_folder: Path) -> Iterator[None]:
    """Start all at once, wait until all are ready, and stop all on the way out."""
    started: list[tuple[Process, subprocess.Popen[bytes]]] = []
    try:
        for process in processes:
            # Spawned by the main thread: the kernel's death signal is tied to the thread that forked.
            with log_path(log_folder, process).open("wb") as log:
                started.append((process, process.spawn(output=log.fileno())))
        with ThreadPoolExecutor(max_workers=len(started) or 1) as pool:
            list(pool.map(lambda pair: wait_until_ready(*pair, log_folder=log_folder), started))
        yield
    finally:
        stop(started)


def wait_until_ready(process: Process, handle: subprocess.Popen[bytes], *, log_folder: Path) -> None:
    """Raises ``CannotStart`` with the end of the process's log when it died or took too long."""
    deadline = time.monotonic() + process.ready_within
    while time.monotonic() < deadline:
        if handle.poll() is not None:
            break
        if process.ready():
            return
        time.sleep(0.05)
    tail = log_path(log_folder, process).read_text(errors="replace")[-2000:].strip()
    raise CannotStart(f"{process.name} did not start:\n{tail}")


def stop(started: list[tuple[Process, subprocess.Popen[bytes]]]) -> None:
    for process, handle in started:
        if handle.poll() is None:
            # What these services hold is thrown away: no need for a clean end.
            handle.send_signal(process.death_signal)
    for process, handle in started:
        try:
            handle.wait(timeout=process.stop_within)
        except subprocess.TimeoutExpired:
            handle.kill()
            handle.wait()
        sweep(process)


def log_path(folder: Path, process: Process) -> Path:
    return folder / f"{process.name}.log"


def run(command: tuple[str, ...], variables: Mapping[str, str]) -> int:
    """Run the command to its end; a SIGTERM to us is passed on to it. The shell's exit code convention."""
    environment = {**os.environ, **variables}
    # Importing our package named the gateway's settings; the command (pytest above all) chooses its own.
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    child = subprocess.Popen(tethered(command, death_signal=signal.SIGTERM), env=environment)
    signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
    # Ctrl-C reaches the command from the terminal itself; it decides when it has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = child.wait()
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(f"{__doc__}\n")
        return USAGE_ERROR
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        with temporary_services() as variables:
            return run(tuple(arguments), variables)
    except CannotStart as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
