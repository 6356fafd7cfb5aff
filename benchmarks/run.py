"""``python -m benchmarks.run [name …]``: run all benchmarks, or these, on the services that the environment names."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import django

from benchmarks.figures import Figure, machine, table

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"


def known() -> dict[str, Callable[[], list[Figure]]]:
    """Every module beside this one that has a ``main``."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {"__init__", "__main__", "run"})
    modules = {name: import_module(f"benchmarks.{name}") for name in names}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def run(name: str, main: Callable[[], list[Figure]]) -> None:
    before = machine()
    started = time.monotonic()
    figures = main()
    seconds = round(time.monotonic() - started, 1)
    print(f"\n{name} ({seconds:g} s)\n{table(figures)}", flush=True)
    document = {
        "benchmark": name,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": seconds,
        "machine": {**before, "load_afterwards": machine()["load"]},
        "figures": [figure.summary() for figure in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def main(names: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mag_portal.settings")
    django.setup()
    from django.core.management import call_command

    benchmarks = known()
    if unknown := set(names) - benchmarks.keys():
        print(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    call_command("migrate", interactive=False, verbosity=0)
    for name in names or benchmarks:
        run(name, benchmarks[name])
    return 0


if __name__ == "__main__":
    # What a benchmark has begun ends with it.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(main(sys.argv[1:]))
