"""One process of the embedded stack, described as data."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class CannotStart(Exception):
    """The stack cannot run here; the message is one sentence for the person who started it."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """How one process is started, asked whether it is ready, and stopped.

    ``ready`` answers True once the process does its work; until then it may answer False or raise ``OSError``.
    ``death_signal`` is what the kernel sends when the process that started it dies, so that nothing is left behind;
    ``leftovers`` are files outside the data folder that a killed process does not remove itself. ``run_as`` is the
    command prefix that changes the user.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    ready: Callable[[], bool] = lambda: True
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_within: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    death_signal: signal.Signals = signal.SIGTERM
    leftovers: tuple[Path, ...] = ()
    run_as: tuple[str, ...] = ()

    @property
    def tethered_command(self) -> tuple[str, ...]:
        """The command line that dies with the process that starts it.

        The kernel forgets the death signal when the user changes, so the tether comes after that.
        """
        return (*self.run_as, *tethered(self.command, death_signal=self.death_signal))

    def full_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def spawn(self, *, output: int | None = None) -> subprocess.Popen[bytes]:
        """Start the process in a session of its own, so that a Ctrl-C in the terminal is not its business."""
        return subprocess.Popen(
            self.tethered_command,
            cwd=self.folder,
            env=self.full_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
        )


def tethered(command: tuple[str, ...], *, death_signal: signal.Signals) -> tuple[str, ...]:
    return ("setpriv", "--pdeathsig", death_signal.name.removeprefix("SIG"), *command)


def sweep(process: Process) -> None:
    """Remove what an ended process left outside its folder."""
    for path in process.leftovers:
        path.unlink(missing_ok=True)
