"""``python -m benchmarks.line.client KIND …``: one transfer from the near end of a line (``timed`` says what is printed).

Nobody's start is counted: the clock begins when a program has been loaded and begins to speak to the gateway.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import peer_programs, sample
from benchmarks.line.timed import Clock
from mag_sft import cli


def main() -> int:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    asked = _arguments()
    kinds: dict[str, Callable[[argparse.Namespace, Path], None]] = {
        "curl": _curl,
        "tus": _tus,
        "sft": _sft,
        "fetch": _fetch,
        "get": _get,
    }
    with tempfile.TemporaryDirectory(prefix="mag-line-client-") as name:
        kinds[asked.kind](asked, Path(name))
    return 0


def _curl(asked: argparse.Namespace, folder: Path) -> None:
    """One PUT, whole."""
    file = sample.file(folder / "measured.bin", asked.mib)
    _program(asked, ("curl", "-sSf", "-o", os.devnull, "-T", str(file), f"{asked.address}/put/measured.bin"))


def _tus(asked: argparse.Namespace, folder: Path) -> None:
    """tus-js-client says on standard error when it begins."""
    file = sample.file(folder / "measured.bin", asked.mib)
    command = peer_programs.node("tus_client.mjs", f"{asked.origin}/transfers/tus/", file, asked.token)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        if process.stderr is None or not process.stderr.readline():
            raise RuntimeError("tus-js-client did not start.")
        _wait(asked, process, Clock())


def _sft(asked: argparse.Namespace, folder: Path) -> None:
    file = sample.file(folder / "measured.bin", asked.mib)
    clock, process = _mag_sft(asked, folder, "upload", "--no-wait", str(file))
    process.join(asked.cut)
    if process.is_alive():
        clock.cut()
    else:
        clock.whole(_all_well(process.exitcode, asked))
    process.kill()


def _fetch(asked: argparse.Namespace, folder: Path) -> None:
    """Until its SHA-256 has been compared. What was cut off counts by what is in the draft, which has holes."""
    target = folder / "fetched.bin"
    clock, process = _mag_sft(asked, folder, "download", asked.upload, "--to", str(target))
    process.join(asked.cut)
    if process.is_alive():
        clock.cut(target.with_name(f"{target.name}.part").stat().st_blocks * 512)
    else:
        clock.whole(_all_well(process.exitcode, asked))
    process.kill()


def _get(asked: argparse.Namespace, folder: Path) -> None:
    """One curl, one connection, as a browser fetches."""
    target = folder / "fetched.bin"
    token = ("-H", f"Authorization: Bearer {asked.token}")
    clock = Clock()
    with subprocess.Popen(
        ("curl", "-sSf", *token, "-o", str(target), f"{asked.address}/transfers/uploads/{asked.upload}/content/")
    ) as process:
        try:
            process.wait(asked.cut)
        except subprocess.TimeoutExpired:
            clock.cut(target.stat().st_size)
            process.kill()
        else:
            clock.whole(_all_well(process.returncode, asked))


def _mag_sft(
    asked: argparse.Namespace, folder: Path, *arguments: str
) -> tuple[Clock, multiprocessing.process.BaseProcess]:
    """``mag-sft`` as its users call it, in a child of this process, which has loaded it already."""
    os.environ |= {"MAG_SFT_GATEWAY": asked.address, "MAG_SFT_TOKEN": asked.token, "XDG_STATE_HOME": str(folder)}
    options = ("--json", f"--congestion={asked.congestion}")
    command, *others = arguments
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=((command, *options, *others),), daemon=True
    )
    clock = Clock()
    process.start()
    return clock, process


def _run(arguments: tuple[str, ...]) -> None:
    # Standard output is the bench's.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(cli.main(arguments))


def _program(asked: argparse.Namespace, command: tuple[str, ...]) -> None:
    clock = Clock()
    with subprocess.Popen(command) as process:
        _wait(asked, process, clock)


def _wait(asked: argparse.Namespace, process: subprocess.Popen[bytes], clock: Clock) -> None:
    try:
        process.wait(asked.cut)
    except subprocess.TimeoutExpired:
        clock.cut()
        process.kill()
    else:
        clock.whole(_all_well(process.returncode, asked))


def _all_well(code: int | None, asked: argparse.Namespace) -> int:
    """The bytes of the whole file. Raises ``RuntimeError`` when the program failed."""
    if code:
        raise RuntimeError(f"{asked.kind} ended with {code}; its words are above.")
    return int(asked.mib) * sample.MIB


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--address", required=True)
    parser.add_argument("--origin", default="")
    parser.add_argument("--token", default="")
    parser.add_argument("--upload", default="")
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--cut", type=float, default=60)
    parser.add_argument("--congestion", default="system")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
