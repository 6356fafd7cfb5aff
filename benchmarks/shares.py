"""Who has the processors: the time that each kind of process of a benchmark takes."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping

import psutil


class Shares:
    """Processor time of everything below ``root`` from now on, for each of ``kinds`` (name → a word of its command line).

    A process counts with the first kind that it or one of its ancestors has the word of.
    """

    def __init__(self, kinds: Mapping[str, str], *, root: int) -> None:
        self._kinds = kinds
        self._root = psutil.Process(root)
        self._before = self._seconds()
        self._machine = psutil.cpu_times()

    def so_far(self) -> dict[str, float]:
        """Seconds of each kind, of the whole machine (``machine``), and what of that were its interrupts (``interrupts``)."""
        now, machine = self._seconds(), psutil.cpu_times()
        found = {kind: now.get(kind, 0.0) - self._before.get(kind, 0.0) for kind in self._kinds}
        idle = (machine.idle - self._machine.idle) + (machine.iowait - self._machine.iowait)
        interrupts = (machine.irq - self._machine.irq) + (machine.softirq - self._machine.softirq)
        return {**found, "machine": sum(machine) - sum(self._machine) - idle, "interrupts": interrupts}

    def _seconds(self) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float)
        pending = [(self._root, "")]
        while pending:
            process, kind = pending.pop()
            try:
                kind = kind or self._kind(process)
                times = process.cpu_times()
                pending += [(child, kind) for child in process.children()]
            except psutil.NoSuchProcess:
                continue
            found[kind] += times.user + times.system
        return found

    def _kind(self, process: psutil.Process) -> str:
        words = " ".join(process.cmdline())
        return next((kind for kind, word in self._kinds.items() if word in words), "")


def above() -> int:
    """The process that started this benchmark and the services beside it."""
    return os.getppid()
