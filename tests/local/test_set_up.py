"""Setting up: what is missing is told in one sentence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mag_portal.local import set_up


def test_an_old_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up, "OLDEST", (4, 0))
    with pytest.raises(SystemExit, match=r"This is Python 3\.\d+; the gateway needs 4\.0 or newer"):
        set_up.require_python()


def test_a_missing_venv_module_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(set_up, "PYTHON", tmp_path / "none")
    monkeypatch.setattr(set_up, "succeeds", lambda *_: False)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        set_up.make_environment()


def test_a_browser_that_was_named_and_is_none_is_told() -> None:
    with pytest.raises(SystemExit, match="CHROMIUM=/nowhere/chrome is not a program"):
        set_up.require_programs("/nowhere/chrome")


def test_whoever_may_not_install_a_browser_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="sudo apt-get install chromium"):
        set_up.require_programs("/usr/bin/chromium")


class TestInstalling:
    @pytest.fixture(autouse=True)
    def stamp(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        stamp = tmp_path / "installed"
        monkeypatch.setattr(set_up, "INSTALLED", stamp)
        return stamp

    @pytest.fixture
    def commands(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
        ran: list[tuple[str, ...]] = []
        monkeypatch.setattr(set_up, "run", lambda *command: ran.append(tuple(map(str, command))))
        monkeypatch.setattr(set_up, "install_redis", lambda: None)
        return ran

    def test_what_is_locked_is_installed_by_hash_once(self, commands: list[tuple[str, ...]]) -> None:
        set_up.install("run")
        set_up.install("run")
        (command,) = commands
        assert "--require-hashes" in command
        assert command[-1].endswith("requirements/local.txt")

    def test_the_larger_set_serves_the_smaller_purpose_too(self, commands: list[tuple[str, ...]]) -> None:
        set_up.install("test")
        set_up.install("run")
        assert [command[-1].rsplit("/", 1)[1] for command in commands] == ["development.txt"]

    def test_a_changed_lock_is_installed_anew(self, commands: list[tuple[str, ...]], stamp: Path) -> None:
        set_up.install("test")
        stamp.write_text("development 0000\n")
        set_up.install("test")
        assert len(commands) == 2
