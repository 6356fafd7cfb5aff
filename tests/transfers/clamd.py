"""Malware scanners for tests: Debian's clamd with a database of our own, and one of ours that answers as a test wants."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The test file that every scanner knows, in two halves: a scanner on this machine shall not object to our sources.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD" + rb"-ANTIVIRUS-TEST-FILE!$H+H*"
FINDING = "Mag.Test.Eicar.UNOFFICIAL"
STREAM_LIMIT = 1024**2
CONFIGURATION = """
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/database
TemporaryDirectory {folder}
PidFile {folder}/clamd.pid
Foreground yes
StreamMaxLength {limit}
MaxFileSize {limit}
AlertExceedsMax yes
"""


def program() -> str | None:
    """Where it is installed; Debian puts it where only root looks."""
    return shutil.which("clamd", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running() -> Iterator[str]:
    """The real one, that knows the test file and takes 1 MiB; yields its ``CLAMD_URL``."""
    with tempfile.TemporaryDirectory(prefix="mag-clamd-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "database").mkdir()
        (folder / "database" / "mag.ndb").write_text(f"Mag.Test.Eicar:0:*:{EICAR.hex()}\n")
        (folder / "clamd.conf").write_text(CONFIGURATION.format(folder=folder, limit=STREAM_LIMIT))
        process = subprocess.Popen(
            [program() or "clamd", f"--config-file={folder}/clamd.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(folder / "clamd.sock", process)
            yield f"unix://{folder}/clamd.sock"
        finally:
            process.kill()
            process.wait()


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            return
        time.sleep(0.05)
    raise RuntimeError("clamd did not start.")


class FakeScanner:
    """Speaks clamd's protocol over TCP. ``answer`` makes the reply to a whole file; ``commands`` is what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[bytes], bytes] = lambda _: b"stream: OK\0"
        self.pong = b"PONG\0"
        self.limit = 2**62
        self.reads = True
        self.commands: list[str] = []
        self.seen = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            # Closing alone would let the thread that waits for somebody take one more.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with suppress(OSError, struct.error), line, line.makefile("rb") as incoming:
            command = _until_nul(incoming)
            self.commands.append(command)
            if command != "zINSTREAM":
                line.sendall(self.pong)
                return
            if not self.reads:
                time.sleep(5)
                return
            seen = b""
            while length := struct.unpack("!L", incoming.read(4))[0]:
                if len(seen) + length > self.limit:
                    line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    return
                seen += incoming.read(length)
            self.seen = seen
            line.sendall(self.answer(seen))


def _until_nul(incoming: object) -> str:
    said = b""
    while not said.endswith(b"\0"):
        said += incoming.read(1) or b"\0"  # type: ignore[attr-defined]
    return said[:-1].decode()
