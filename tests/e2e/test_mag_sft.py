"""``mag-sft`` against the running gateway: everything a terminal can do with it, and what it says when it cannot."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stack import REPOSITORY, Stack, wait_until

MIB = 1024**2


@dataclass
class Terminal:
    """Somebody with a token, a home of their own and a folder of files."""

    gateway: str
    token: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MAG_SFT_"))}
        return {**kept, "HOME": str(self.home), "PYTHONPATH": str(REPOSITORY)}

    def run(self, *arguments: str | Path, code: int = 0, typed: str = "") -> list[dict[str, Any]]:
        """The documents that a command prints; it has to end with ``code``."""
        done = subprocess.run(
            (sys.executable, "-m", "mag_sft", *map(str, arguments), "--json"),
            cwd=self.home,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        assert self.token not in done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        command = (sys.executable, "-m", "mag_sft", *map(str, arguments), "--json")
        return subprocess.Popen(command, cwd=self.home, env=self.environment, stdout=subprocess.DEVNULL)

    def file(self, name: str, size: int) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
        return path


@pytest.fixture
def stranger(stack: Stack, tmp_path: Path) -> Terminal:
    account = next(account for account in stack.run["accounts"] if account.get("token"))
    return Terminal(stack.base_url, account["token"], tmp_path)


@pytest.fixture
def terminal(stranger: Terminal) -> Terminal:
    stranger.run("login", stranger.gateway, "--token-stdin", typed=stranger.token + "\n")
    return stranger


def test_files_and_folders_are_sent_compared_and_fetched(terminal: Terminal) -> None:
    one = terminal.file("parts/wing.step", 33 * MIB + 17)
    terminal.file("parts/deep/empty.txt", 0)
    sent = terminal.run("upload", terminal.home / "parts")
    assert [(file["name"], file["state"], file["size"]) for file in sent] == [
        ("empty.txt", "stored", 0),
        ("wing.step", "stored", 33 * MIB + 17),
    ]
    wing = sent[1]["upload_id"]
    assert sent[1]["sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()
    assert terminal.run("verify", one, wing)[0]["equal"]

    (terminal.home / "here").mkdir()
    terminal.run("download", wing, sent[0]["upload_id"], "--to", terminal.home / "here")
    assert (terminal.home / "here" / "wing.step").read_bytes() == one.read_bytes()
    assert (terminal.home / "here" / "empty.txt").read_bytes() == b""
    again = terminal.run("download", wing, "--to", terminal.home / "here", code=1)
    assert "is there already" in again[0]["message"]

    one.write_bytes(os.urandom(33 * MIB + 17))
    told = terminal.run("verify", one, wing, code=5)
    assert not told[0]["equal"]


def test_a_killed_upload_goes_on_where_it_was(terminal: Terminal, stack: Stack) -> None:
    file = terminal.file("large.bin", 400 * MIB)
    process = terminal.start("upload", file, "--connections", "1")
    notes = terminal.home / ".local" / "state" / "mag-sft"
    wait_until(lambda: list(notes.glob("upload-*.json")), within=30, what="the upload has begun")
    time.sleep(0.7)
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = json.loads(next(notes.glob("upload-*.json")).read_text())
    resumed = terminal.run("resume")
    assert [(sent["upload_id"], sent["state"]) for sent in resumed] == [(begun["upload_id"], "stored")]
    assert resumed[0]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert terminal.run("resume") == [{"resumed": 0}]

    fetching = terminal.start(
        "download", begun["upload_id"], "--to", terminal.home / "fetched.bin", "--connections", "1"
    )
    wait_until(lambda: list(notes.glob("download-*.json")), within=30, what="the download has begun")
    fetching.send_signal(signal.SIGKILL)
    fetching.wait()
    assert not (terminal.home / "fetched.bin").exists()
    terminal.run("resume")
    assert (terminal.home / "fetched.bin").read_bytes() == file.read_bytes()


def test_a_file_that_changed_since_is_not_gone_on_with(terminal: Terminal) -> None:
    file = terminal.file("changing.bin", 300 * MIB)
    process = terminal.start("upload", file, "--connections", "1")
    notes = terminal.home / ".local" / "state" / "mag-sft"
    wait_until(lambda: list(notes.glob("upload-*.json")), within=30, what="the upload has begun")
    process.send_signal(signal.SIGKILL)
    process.wait()
    file.write_bytes(os.urandom(MIB))
    assert "changed" in terminal.run("resume", code=5)[0]["message"]


def test_who_has_not_signed_in_is_told_how(stranger: Terminal) -> None:
    file = stranger.file("a.txt", 3)
    assert "mag-sft login" in stranger.run("upload", file, code=3)[0]["message"]


def test_a_wrong_token_is_refused_and_not_kept(stranger: Terminal) -> None:
    stranger.run("login", stranger.gateway, "--token-stdin", typed="mag_" + "x" * 49 + "\n", code=3)
    assert not (stranger.home / ".config" / "mag-sft" / "account.json").exists()


def test_what_is_not_there_is_told_and_the_rest_is_sent(terminal: Terminal) -> None:
    there = terminal.file("there.txt", 10)
    answers = terminal.run("upload", terminal.home / "missing.txt", there, code=1)
    assert "missing.txt cannot be read" in answers[0]["message"]
    assert answers[1]["name"] == "there.txt"


def test_a_gateway_that_is_away_is_told(terminal: Terminal) -> None:
    terminal.gateway = "http://127.0.0.1:9"
    told = terminal.run("login", terminal.gateway, "--token-stdin", typed=terminal.token + "\n", code=4)
    assert "does not answer" in told[0]["message"]
