"""The folder that holds everything one stack keeps, and the lock that lets one stack at a time use it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mag_portal.local.process import CannotStart


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder if need be and hold its lock. Raises ``CannotStart`` when that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder} cannot be written ({error.strerror}): choose another with DATA_DIR=…"
        ) from error
    try:
        _lock(lock, folder)
        yield
    finally:
        os.close(lock)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Readers see the old content or the new one, never a half; only the owner may read it."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(lock, 20).decode(errors="replace").strip()
        raise CannotStart(
            f"The gateway already runs on the data folder {folder} (process {holder}): stop it first, or choose another "
            "folder with DATA_DIR=…"
        ) from error
    os.truncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
