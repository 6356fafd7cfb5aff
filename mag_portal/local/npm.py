"""Packages from npm, for measuring and for tests: what a lock file names, beside the scripts that use it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from mag_portal.local.choices import REPOSITORY

FOLDER = REPOSITORY / ".venv" / "npm"


class Missing(Exception):
    """A program is not on this machine; the text says how to get it."""


def installed(sources: Path) -> Path:
    """A folder with the packages that ``sources/package-lock.json`` names and the scripts (``*.mjs``) of ``sources``.

    They are brought at the first call and whenever the lock file has changed. Raises ``Missing`` without Node.js, and
    without a registry that can be reached.
    """
    if not shutil.which("npm"):
        raise Missing("Node.js and npm are missing: apt-get install nodejs npm")
    lock = (sources / "package-lock.json").read_bytes()
    folder = FOLDER / f"{sources.name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        _bring(sources, folder)
    for script in sources.glob("*.mjs"):
        _copy(script, folder / script.name)
    return folder


def _bring(sources: Path, folder: Path) -> None:
    """Somebody else may bring the same at this moment: whoever is done first has done it for both."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        fresh = Path(name) / "fresh"
        fresh.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(sources / file, fresh)
        run = subprocess.run(("npm", "ci", "--no-audit", "--no-fund", "--silent"), cwd=fresh, check=False)
        if run.returncode:
            raise Missing(f"npm could not bring the packages of {sources.name}: is its registry reachable?")
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.exists():
                raise


def _copy(script: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy(script, aside)
    aside.replace(target)
