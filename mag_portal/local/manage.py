"""``python -m mag_portal.local.manage COMMAND…``: manage.py in the environment of the running gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mag_portal.local import programs
from mag_portal.local.choices import REPOSITORY


def main(arguments: list[str]) -> int:
    folder = Path(os.environ.get("DATA_DIR") or REPOSITORY / "var").resolve()
    if not (folder / "run.json").exists():
        sys.stderr.write(
            f"No gateway runs on the data folder {folder}: start one with `make run`, or name it with DATA_DIR=…\n"
        )
        return 1
    lines = (folder / "env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    command = (programs.python(), "manage.py", *arguments)
    return subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **variables}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
