"""One terminal for many processes: every line is led by the name of the process it comes from."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any, TextIO

COLOURS = (36, 33, 32, 35, 34, 31, 96, 93, 92, 95, 94)
NAME_WIDTH = 12
REMEMBERED_LINES = 12
_order = count()


class Lines:
    """Takes the output of one process in pieces of any size and writes whole lines; remembers the last of them."""

    def __init__(self, name: str, target: TextIO | None = None) -> None:
        self.last: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._target = target or sys.stdout
        self._prefix = _prefix(name, coloured=self._target.isatty() and "NO_COLOR" not in os.environ)
        self._rest = b""

    def __call__(self, data: Mapping[str, Any]) -> None:
        *whole, self._rest = (self._rest + data["data"]).split(b"\n")
        for line in whole:
            self.write(line.decode(errors="replace"))

    def drain(self, pipe: int) -> None:
        """Take what lies in the pipe, without waiting for more."""
        os.set_blocking(pipe, False)
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(pipe, 65_536):
                self({"data": piece})

    def write(self, line: str) -> None:
        self.last.append(line)
        try:
            self._target.write(f"{self._prefix}{line.rstrip()}\n")
            self._target.flush()
        except BrokenPipeError:
            # Whoever read us has gone; the processes go on.
            self._target = open(os.devnull, "w")  # noqa: PTH123, SIM115

    def close(self) -> None:
        if self._rest:
            self.write(self._rest.decode(errors="replace"))
            self._rest = b""


def _prefix(name: str, *, coloured: bool) -> str:
    plain = f"{name:<{NAME_WIDTH}} | "
    if not coloured:
        return plain
    return f"\033[{COLOURS[next(_order) % len(COLOURS)]}m{plain}\033[0m"
