"""Uploads and downloads over long, lossy lines: one curl PUT, tus-js-client, our engine in Chromium, ``mag-sft``.

The whole gateway runs at the far end of the line behind nginx, the client at the near end. The sender's congestion control
stands with each figure and is read from the kernel while it sends: it decides more than anything else.

Every cell is written down at once; started again after it was broken off, the bench goes on with what is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import sample
from benchmarks.figures import Figure
from benchmarks.line import Line, Profile
from benchmarks.line.far_end import ADDRESS, ORIGINS, FarEnd, far_end

LINES = (
    Profile(10, 0.1, 200),
    Profile(90, 1, 200),
    Profile(150, 2, 200),
    Profile(200, 2, 200),
    Profile(100, 1, 200),
)
FAST = Profile(200, 2, 1000)
TURNS = int(os.environ.get("BENCH_TURNS", "1"))
CUT = float(os.environ.get("BENCH_CUT", "60"))
SIZE_MIB = int(os.environ.get("BENCH_LINE_MIB", "256"))
FAST_MIB = int(os.environ.get("BENCH_FAST_LINE_MIB", "2048"))
CELLS = Path(__file__).parent / "results" / "wan.cells.tmp"
# As docs/operations.md tells the operator, for the end that sends downloads with bbr.
RECOMMENDED = {"net__ipv4__tcp_wmem": "4096 262144 33554432", "net__ipv4__tcp_notsent_lowat": "131072"}
# The near end is run by somebody who may not change the machine's network.
ORDINARY = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")
LOOK_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Way:
    """One column of the table: ``kind`` with its ``options``, sent with ``congestion`` by the near or the far end."""

    name: str
    label: str
    kind: str
    congestion: str = "cubic"
    options: tuple[str, ...] = ()

    @property
    def is_download(self) -> bool:
        return self.kind in {"fetch", "get"}


WAYS = (
    Way("curl", "one curl PUT", "curl"),
    Way("tus", "tus-js-client", "tus"),
    Way("browser-1", "Chromium, one upload origin", "browser", options=("--origins", "1")),
    Way("browser-4", "Chromium, four upload origins", "browser", options=("--origins", "4")),
    Way("sft-cubic", "mag-sft upload", "sft"),
    Way("sft-bbr", "mag-sft upload", "sft", "bbr"),
    Way("get-cubic", "download by one curl", "get"),
    Way("get-bbr", "download by one curl", "get", "bbr"),
    Way("fetch-cubic", "mag-sft download", "fetch"),
    Way("fetch-bbr", "mag-sft download", "fetch", "bbr"),
)
WANTED = os.environ.get("BENCH_WAYS", " ".join(way.name for way in WAYS)).split()


@dataclass(slots=True)
class Cell:
    """One figure of the table, with one value for each turn: payload in Mbit/s."""

    profile: Profile
    way: Way
    values: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.profile}: {self.way.label}, {self.way.congestion}"

    @property
    def goal(self) -> str:
        if self.profile == FAST:
            return "≥ 505"
        reached = (self.profile.round_trip, self.profile.loss) == (100, 1) and self.way.name == "sft-bbr"
        return f"≥ {self.profile.rate * 0.7:g}" if reached or self.way.name == "fetch-bbr" else ""

    def figure(self) -> Figure:
        return Figure(self.name, self.values, "Mbit/s", note="; ".join(self.notes), goal=self.goal)


def main() -> list[Figure]:
    cells = _wanted()
    _take_up(cells)
    for turn in range(TURNS):
        missing = [cell for cell in cells if len(cell.values) <= turn]
        if missing:
            _measure_all(cells, missing)
    CELLS.unlink(missing_ok=True)
    print(f"\n{_matrix(cells)}", flush=True)
    return [*(cell.figure() for cell in cells), *_against_curl(cells)]


def _wanted() -> list[Cell]:
    chosen = os.environ.get("BENCH_LINES", "").split()
    ways = [way for way in WAYS if way.name in WANTED]
    lines = [profile for profile in LINES if not chosen or f"{profile.round_trip:g}" in chosen]
    cells = [Cell(profile, way) for profile in lines for way in ways]
    fast = [way for way in ways if way.name == "sft-bbr" and (not chosen or "fast" in chosen)]
    return [*cells, *(Cell(FAST, way) for way in fast)]


def _measure_all(cells: Sequence[Cell], missing: Sequence[Cell]) -> None:
    with Line(FAST) as line, far_end(line) as far:
        bench = Bench(line, far)
        for cell in missing:
            value, note = bench.measure(cell)
            cell.values.append(value)
            cell.notes.append(note)
            _keep(cells)
            print(f"  {cell.name}: {value:.3g} Mbit/s ({note})", flush=True)


@dataclass
class Bench:
    """Measures one cell after the other between the same two ends; between two of them the line is silent."""

    line: Line
    far: FarEnd
    _fetched: str = ""

    def measure(self, cell: Cell) -> tuple[float, str]:
        """Mbit/s of payload that has arrived, and what else is to be said of it. Raises ``RuntimeError``."""
        way, size = cell.way, FAST_MIB if cell.profile == FAST else SIZE_MIB
        options = self._options(way)
        if way.is_download:
            options += ("--upload", self._file())
        self.line.become(cell.profile)
        with self._sending(way), self.far.nginx():
            answer, busy = self._run(way, (*options, "--mib", str(size)))
        self.far.forget(keep=self._fetched)
        note = f"{'whole' if answer['whole'] else 'cut'} at {answer['seconds']:.0f} s, processors {busy:.0%} busy"
        return answer["bytes"] * 8 / 1e6 / answer["seconds"], note

    def _options(self, way: Way) -> tuple[str, ...]:
        module = "browser" if way.kind == "browser" else "client"
        command = ("-m", f"benchmarks.line.{module}", *(() if module == "browser" else (way.kind,)), *way.options)
        account = self.far.account
        by_kind = {
            "browser": ("--user", account["user_id"], "--password", account["password"]),
            "tus": ("--token", self.far.gateway.token, "--origin", ADDRESS.rpartition(":")[0] + f":{ORIGINS[0]}"),
            "sft": ("--token", self.far.gateway.token, "--congestion", "bbr" if way.congestion == "bbr" else "system"),
        }
        return (*command, *by_kind.get(way.kind, ("--token", self.far.gateway.token)))

    def _file(self) -> str:
        """A file at the gateway to fetch, sent from its own end."""
        if not self._fetched:
            with tempfile.TemporaryDirectory(prefix="mag-line-far-") as name:
                self._fetched = self.far.keep(sample.file(Path(name) / "fetched.bin", SIZE_MIB))
        return self._fetched

    @contextmanager
    def _sending(self, way: Way) -> Iterator[None]:
        """The end that sends is set up as this column says; ``mag-sft`` asks for bbr itself."""
        self.line.prefer(self.line.near, "" if (way.kind, way.congestion) == ("sft", "bbr") else "cubic")
        self.line.prefer(self.line.far, way.congestion if way.is_download else "cubic")
        before = {name: self.line.setting(self.line.far, name) for name in RECOMMENDED}
        if way.is_download and way.congestion == "bbr":
            self.line.sysctl(self.line.far, **RECOMMENDED)
        try:
            yield
        finally:
            self.line.sysctl(self.line.far, **before)

    def _run(self, way: Way, arguments: tuple[str, ...]) -> tuple[dict[str, Any], float]:
        """The answer of the near end, and how much of the processors all of it took."""
        command = (*ORDINARY, sys.executable, *arguments, "--address", ADDRESS, "--cut", str(CUT))
        with self.line.talk(self.line.near, *command) as process:
            _answer(process)
            busy = _busy()
            self._check_congestion(process, way)
            answer = _answer(process)
            spent = [after - before for before, after in zip(busy, _busy(), strict=True)]
            if "bytes" not in answer:
                answer["bytes"] = self.far.put_arrived() if way.kind == "curl" else self.far.arrived()
            if process.stdin is not None:
                process.stdin.write("\n")
        return answer, spent[0] / sum(spent)

    def _check_congestion(self, process: subprocess.Popen[str], way: Way) -> None:
        deadline = time.monotonic() + LOOK_AFTER_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        found = self.line.congestion(self.line.far if way.is_download else self.line.near)
        if found - {way.congestion}:
            raise RuntimeError(f"{way.name} is sent with {', '.join(sorted(found))}, not {way.congestion}.")


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError("The near end broke off; its words are above.")
    found: dict[str, Any] = json.loads(line)
    return found


def _busy() -> tuple[int, int]:
    """Ticks that the processors worked, and did not."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, idle


# --- What is kept, and shown -------------------------------------------------------------------------------------------
def _keep(cells: Sequence[Cell]) -> None:
    rows = {cell.name: {"values": cell.values, "notes": cell.notes} for cell in cells}
    draft = CELLS.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps({"settings": _settings(), "cells": rows}))
    draft.replace(CELLS)


def _take_up(cells: Sequence[Cell]) -> None:
    """What an earlier run with the same settings had measured before it was broken off."""
    if not CELLS.exists():
        return
    kept = json.loads(CELLS.read_text())
    if kept["settings"] != _settings():
        return
    print(f"  Going on with {CELLS}; remove it to begin anew.", flush=True)
    for cell in cells:
        found = kept["cells"].get(cell.name, {"values": [], "notes": []})
        cell.values, cell.notes = found["values"], found["notes"]


def _settings() -> dict[str, Any]:
    return {"cut": CUT, "mib": SIZE_MIB, "fast_mib": FAST_MIB, "ways": [asdict(way)["name"] for way in WAYS]}


def _against_curl(cells: Sequence[Cell]) -> list[Figure]:
    """What more than one connection brings, on the same line in the same turn."""
    curl = {cell.profile: cell.values for cell in cells if cell.way.name == "curl"}
    return [
        Figure(
            f"{cell.profile}: {cell.way.label} through one curl PUT, both cubic",
            [mine / theirs for mine, theirs in zip(cell.values, curl[cell.profile], strict=True)],
            "×",
            goal="≥ 15" if (cell.profile.round_trip, cell.way.name) == (100, "browser-4") else "",
        )
        for cell in cells
        if cell.way.name in {"tus", "browser-1", "browser-4", "sft-cubic"} and cell.profile in curl
    ]


def _matrix(cells: Sequence[Cell]) -> str:
    """The table of docs/performance.md: the sender's congestion control and the median; ``*`` marks what was cut off."""
    figures = {(cell.profile, cell.way.name): cell for cell in cells}
    profiles = list(dict.fromkeys(cell.profile for cell in cells))
    rows = [["Mbit/s", *map(str, profiles)], ["---"] * (len(profiles) + 1)]
    shown = [way for way in WAYS if any(cell.way == way for cell in cells)]
    rows += [[way.label, *(_shown(figures.get((profile, way.name))) for profile in profiles)] for way in shown]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    was_cut = any(note.startswith("cut") for note in cell.notes)
    return f"{cell.way.congestion} {cell.figure().summary()['median']:.3g}{'*' if was_cut else ''}"
