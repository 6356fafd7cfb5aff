"""``python -m mag_portal.local``: run the whole gateway on this machine until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from mag_portal.local import choices as person
from mag_portal.local import data_folder, ports
from mag_portal.local import stack as whole
from mag_portal.local.choices import Choices
from mag_portal.local.greeting import greeting
from mag_portal.local.process import CannotStart
from mag_portal.local.stack import Stack
from mag_portal.local.supervisor import Supervisor

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main() -> int:
    try:
        choices = person.read()
        with data_folder.held(choices.data_dir):
            _require_free(choices.port)
            return asyncio.run(Gateway(choices).run())
    except CannotStart as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1


class Gateway:
    """One run of the stack. ``run.json`` stands in the data folder from the moment everything is ready until the end."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._run_file = choices.data_dir / "run.json"
        self._pids: Mapping[str, int] = {}
        self._description: dict[str, object] = {}

    async def run(self) -> int:
        self._run_file.unlink(missing_ok=True)
        asked_to_stop = asyncio.Event()
        supervisor = Supervisor(tell_pids=self._note_pids)
        for number in STOPPING_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
        stack = whole.describe(self._choices)
        looking_round = await supervisor.open()
        starting = asyncio.create_task(self._start(supervisor, stack))
        waiting = asyncio.create_task(asked_to_stop.wait())
        try:
            await _first_of(starting, waiting, looking_round)
            if not asked_to_stop.is_set():
                await _first_of(waiting, looking_round)
        finally:
            starting.cancel()
            await self._stop(supervisor, stack)
        return 0

    async def _start(self, supervisor: Supervisor, stack: Stack) -> None:
        folder = self._choices.data_dir
        variables = "".join(f"{name}={value}\n" for name, value in stack.environment.items())
        data_folder.write_text(folder / "env", variables)
        await asyncio.gather(supervisor.start(stack.services), supervisor.run(stack.preparation))
        for command in stack.commands:
            await supervisor.run(command)
        await supervisor.start(stack.gateway)
        self._description = {"pid": os.getpid(), **stack.description, **whole.demonstration(self._choices)}
        self._note_pids(self._pids)
        supervisor.say(greeting(self._description))

    async def _stop(self, supervisor: Supervisor, stack: Stack) -> None:
        supervisor.say("Stopping.")
        self._description = {}
        self._run_file.unlink(missing_ok=True)
        await supervisor.stop(process.name for process in stack.gateway)
        await supervisor.stop(process.name for process in stack.services)
        await supervisor.close()

    def _note_pids(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        if self._description:
            data_folder.write_json(self._run_file, {**self._description, "processes": pids})


async def _first_of(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one of them ends; raises what it raised."""
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in ended:
        task.result()


def _require_free(port: int) -> None:
    if not ports.is_free(port):
        raise CannotStart(
            f"Port {port} of {ports.LOOPBACK} is taken: stop what listens there, or choose another, for example "
            f"PORT={port + 1} make run"
        )


if __name__ == "__main__":
    sys.exit(main())
