"""Keeps processes running, on circus: starts them when told, restarts what dies, stops all of them.

A process that dies soon after its start is started again after a pause that doubles each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from circus.arbiter import Arbiter
from circus.watcher import Watcher
from tornado.ioloop import IOLoop

from mag_portal.local.output import Lines
from mag_portal.local.process import CannotStart, Process, sweep

CHECK_EVERY = 0.25
HEALTHY_AFTER = 10.0
LONGEST_PAUSE = 30.0
TRIES_TO_START = 3

logging.getLogger("circus").setLevel(logging.ERROR)


@dataclass
class _Kept:
    """A process we keep, its circus watcher and how it has fared."""

    process: Process
    watcher: Watcher
    lines: Lines
    started: float = 0.0
    quick_deaths: int = 0


class Supervisor:
    """``tell_pids`` hears name → pid whenever a process was started."""

    def __init__(self, *, tell_pids: Callable[[Mapping[str, int]], None]) -> None:
        # Nobody may steer the arbiter from outside: its doors are open within this process only.
        self._arbiter = Arbiter(
            [],
            "inproc://control",
            "inproc://events",
            check_delay=-1,
            loop=IOLoop.current(),
            proc_name="mag_portal.local",
        )
        self._kept: dict[str, _Kept] = {}
        self._pids: dict[str, int] = {}
        self._tell_pids = tell_pids
        # Circus reaps every child of this process, so only one of these may be at work: a look round, a start, a command.
        self._exclusive = asyncio.Lock()
        self._looking_round: asyncio.Task[None] | None = None
        self._own_lines = Lines("gateway")

    def say(self, text: str) -> None:
        for line in text.splitlines():
            self._own_lines.write(line)

    async def open(self) -> asyncio.Task[None]:
        """Begin to look after what will be started. The task returned ends only by a fault in this program."""
        await self._arbiter.start()
        self._looking_round = asyncio.create_task(self._look_round())
        return self._looking_round

    async def start(self, processes: Iterable[Process]) -> None:
        """Start them side by side and return when each is ready. Raises ``CannotStart`` when one is not in time."""
        processes = list(processes)
        for process in processes:
            async with self._exclusive:
                await self._keep(process)
        await asyncio.gather(*(self._until_ready(self._kept[process.name]) for process in processes))

    async def run(self, command: Process) -> None:
        """Run a command to its end. Raises ``CannotStart`` when it fails."""
        lines = Lines(command.name)
        async with self._exclusive:
            child = await asyncio.create_subprocess_exec(
                *command.tethered_command,
                cwd=command.folder,
                env=command.full_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = await self._follow(child, lines)
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if code:
            raise CannotStart(f"{command.name} failed:\n" + "\n".join(lines.last))

    async def stop(self, names: Iterable[str]) -> None:
        """Stop these side by side: each gets its stop signal and, when it takes too long, a kill."""
        chosen = [self._kept[name] for name in names if name in self._kept]
        async with self._exclusive:
            await self._arbiter.stop_watchers(watcher_iter_func=lambda **_: [kept.watcher for kept in chosen])
        for kept in chosen:
            sweep(kept.process)

    async def close(self) -> None:
        if self._looking_round:
            self._looking_round.cancel()
        async with self._exclusive:
            await self._arbiter.stop()
        await asyncio.sleep(0)

    async def _look_round(self) -> None:
        while True:
            async with self._exclusive:
                await self._arbiter.manage_watchers()
            await asyncio.sleep(CHECK_EVERY)

    async def _keep(self, process: Process) -> None:
        lines = Lines(process.name)
        program, *arguments = process.tethered_command
        hooks: Mapping[str, tuple[Callable[..., bool], bool]] = {
            "after_spawn": (self._spawned, False),
            "before_reap": (self._about_to_reap, True),
            "after_reap": (self._reaped, True),
        }
        watcher = self._arbiter.add_watcher(
            process.name,
            shlex.quote(program),
            args=arguments,
            env=process.full_environment(),
            working_dir=str(process.folder),
            singleton=True,
            stop_signal=process.stop_signal,
            graceful_timeout=process.stop_within,
            stdout_stream={"stream": lines},
            stderr_stream={"stream": lines},
            hooks=hooks,
        )
        self._kept[process.name] = _Kept(process, watcher, lines)
        await watcher.start()

    def _spawned(self, *, watcher: Watcher, pid: int, **_: Any) -> bool:
        kept = self._kept[watcher.name]
        kept.started = time.monotonic()
        self._pids[watcher.name] = pid
        self._tell_pids(self._pids)
        return True

    def _about_to_reap(self, *, watcher: Watcher, process_pid: int, **_: Any) -> bool:
        """Take the last words of an ended process and let go of its pipes.

        Circus closes them next, and would still listen to their numbers when the next process gets the same ones.
        """
        process = watcher.processes[process_pid]
        for pipe in (process.stdout, process.stderr):
            if not pipe.closed:
                self._kept[watcher.name].lines.drain(pipe.fileno())
        watcher.stream_redirector.remove_redirections(process)
        return True

    def _reaped(self, *, watcher: Watcher, exit_code: int | None, **_: Any) -> bool:
        if watcher.is_stopping() or watcher.is_stopped():
            return True
        kept = self._kept[watcher.name]
        lived_well = time.monotonic() - kept.started > HEALTHY_AFTER
        kept.quick_deaths = 0 if lived_well else kept.quick_deaths + 1
        pause = min(2.0 ** (kept.quick_deaths - 2), LONGEST_PAUSE) if kept.quick_deaths > 1 else 0.0
        self.say(
            f"{watcher.name} {_how_it_ended(exit_code)}; starting it again" + (f" in {pause:g} s" if pause else "")
        )
        sweep(kept.process)
        if pause:
            watcher.numprocesses = 0
            asyncio.get_running_loop().call_later(pause, setattr, watcher, "numprocesses", 1)
        return True

    async def _until_ready(self, kept: _Kept) -> None:
        deadline = time.monotonic() + kept.process.ready_within
        while time.monotonic() < deadline and kept.quick_deaths < TRIES_TO_START:
            if await asyncio.to_thread(kept.process.ready):
                return
            await asyncio.sleep(0.05)
        raise CannotStart(f"{kept.process.name} does not start:\n" + "\n".join(kept.lines.last))

    async def _follow(self, child: asyncio.subprocess.Process, lines: Lines) -> int:
        assert child.stdout is not None  # noqa: S101
        while piece := await child.stdout.read(4096):
            lines({"data": piece})
        lines.close()
        return await child.wait()


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"ended (exit code {exit_code})"
    with contextlib.suppress(ValueError):
        return f"was killed ({signal.Signals(-exit_code).name})"
    return f"was killed (signal {-exit_code})"
