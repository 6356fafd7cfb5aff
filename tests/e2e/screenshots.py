"""Walk the journeys with a camera: ``python -m tests.e2e.screenshots`` fills ``docs/screenshots/``."""

from __future__ import annotations

import os
import sys
from itertools import groupby
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
WALKS = [f"tests/e2e/test_{walk}.py" for walk in ("journeys", "onboarding", "onboarding_joining")]
HEAD = """# Screenshots

Taken by `make screenshots`, which walks the journeys in a real browser: each step at 1280 and at 360 px.
"""


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    os.environ["SCREENSHOT_DIR"] = str(FOLDER)
    code = pytest.main(["-q", "-p", "no:cacheprovider", *WALKS, *sys.argv[1:]])
    for unnumbered in FOLDER.glob("[!0-9]*.png"):
        unnumbered.unlink()
    (FOLDER / "README.md").write_text(_page())
    return int(code)


def _page() -> str:
    names = sorted(path.stem for path in FOLDER.glob("*.png"))
    steps = groupby(names, key=lambda name: name.rpartition("-")[0])
    return "\n".join([HEAD, *(_step(step) for step, _ in steps)])


def _step(step: str) -> str:
    number, _, words = step.partition("-")
    title = f"{number} {words.replace('-', ' ')}"
    return f"## {title}\n\n![{title}, wide]({step}-1280.png)\n\n![{title}, narrow]({step}-360.png)\n"


if __name__ == "__main__":
    sys.exit(main())
