"""The keeper of processes, tried on processes that behave badly."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mag_portal.local import supervisor as module
from mag_portal.local.process import CannotStart, Process
from mag_portal.local.supervisor import Supervisor
from tests.stack import alive


def shell(name: str, script: str, folder: Path, **options: object) -> Process:
    return Process(name=name, command=("sh", "-c", script), folder=folder, **options)  # type: ignore[arg-type]


class Pids:
    def __init__(self) -> None:
        self.seen: list[dict[str, int]] = []

    def __call__(self, pids: Mapping[str, int]) -> None:
        self.seen.append(dict(pids))

    def of(self, name: str) -> list[int]:
        return list(dict.fromkeys(pids[name] for pids in self.seen if name in pids))


@asynccontextmanager
async def supervising(pids: Pids, *processes: Process) -> AsyncIterator[tuple[Supervisor, asyncio.Task[None]]]:
    supervisor = Supervisor(tell_pids=pids)
    looking_round = await supervisor.open()
    try:
        await supervisor.start(processes)
        yield supervisor, looking_round
    finally:
        await supervisor.stop(process.name for process in processes)
        await supervisor.close()


async def within(seconds: float, check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.05)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def awaited() -> None:
        await scenario()

    # Playwright's own loop rests in this thread between the browser tests of this worker.
    resting = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        asyncio.run(awaited())
    finally:
        asyncio._set_running_loop(resting)


def test_a_killed_process_comes_back_at_once_under_a_new_pid(tmp_path: Path) -> None:
    async def scenario() -> None:
        pids = Pids()
        async with supervising(pids, shell("steady", "exec sleep 60", tmp_path)):
            os.kill(pids.of("steady")[0], signal.SIGKILL)
            await within(20, lambda: len(pids.of("steady")) == 2 and alive(pids.of("steady")[1]))

    run(scenario)


def test_one_that_dies_again_and_again_is_tried_at_growing_distances(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        pids = Pids()
        async with supervising(pids, shell("flapping", "sleep 0.2; exit 3", tmp_path)):
            await within(30, lambda: len(pids.of("flapping")) == 4)

    run(scenario)
    told = [line for line in capsys.readouterr().out.splitlines() if "flapping ended" in line]
    assert told[0].endswith("flapping ended (exit code 3); starting it again")
    assert told[1].endswith("in 1 s")
    assert told[2].endswith("in 2 s")


def test_many_deaths_at_once_do_not_stop_it_looking_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.0)
    many = [shell(f"mayfly{number}", "echo words; echo more >&2; exec sleep 0.1", tmp_path) for number in range(8)]

    async def scenario() -> None:
        pids = Pids()
        async with supervising(pids, *many) as (_, looking_round):
            await within(60, lambda: all(len(pids.of(process.name)) > 3 for process in many))
            assert not looking_round.done()

    run(scenario)


def test_last_words_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        pids = Pids()
        async with supervising(pids, shell("speaker", "echo the reason >&2; exit 1", tmp_path)):
            await within(20, lambda: len(pids.of("speaker")) > 1)

    run(scenario)
    assert "speaker      | the reason" in capsys.readouterr().out.splitlines()


def test_one_that_never_gets_ready_is_told_with_its_words(tmp_path: Path) -> None:
    never = shell("never", "echo waiting for Godot; exec sleep 60", tmp_path, ready=lambda: False, ready_within=1.0)

    async def scenario() -> None:
        pids = Pids()
        supervisor = Supervisor(tell_pids=pids)
        await supervisor.open()
        with pytest.raises(CannotStart, match="never does not start:\nwaiting for Godot"):
            await supervisor.start([never])
        await supervisor.stop(["never"])
        await supervisor.close()
        assert not alive(pids.of("never")[0])

    run(scenario)


def test_one_that_ignores_the_stop_signal_is_killed(tmp_path: Path) -> None:
    deaf = shell("deaf", "trap '' TERM; touch begun; while :; do sleep 0.1; done", tmp_path, stop_within=0.5)

    async def scenario() -> None:
        pids = Pids()
        async with supervising(pids, deaf) as (supervisor, _):
            await within(20, (tmp_path / "begun").exists)
            started = time.monotonic()
            await supervisor.stop(["deaf"])
            assert 0.5 <= time.monotonic() - started < 10
        assert not alive(pids.of("deaf")[0])

    run(scenario)


@pytest.mark.parametrize(("script", "fails"), [("exit 0", False), ("echo no such table >&2; exit 2", True)])
def test_a_command_runs_to_its_end_and_its_failure_is_told(tmp_path: Path, script: str, fails: bool) -> None:
    async def scenario() -> None:
        async with supervising(Pids(), shell("steady", "exec sleep 60", tmp_path)) as (supervisor, _):
            command = shell("command", script, tmp_path)
            if fails:
                with pytest.raises(CannotStart, match="command failed:\nno such table"):
                    await supervisor.run(command)
            else:
                await supervisor.run(command)

    run(scenario)
