"""A command beside temporary services: it finds them, its exit code is passed on, nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mag_portal.local import with_services
from tests.stack import REPOSITORY, alive, descendants, plain_environment, wait_until

WITH_SERVICES = (sys.executable, "-m", "mag_portal.local.with_services")


def launch(*command: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (*WITH_SERVICES, *command),
        cwd=REPOSITORY,
        env={**plain_environment(), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def output_of(*command: str, **variables: str) -> tuple[int, str]:
    child = launch(*command, **variables)
    output, _ = child.communicate(timeout=60)
    return child.returncode, output


def test_the_command_finds_its_services_and_its_exit_code_is_passed_on() -> None:
    code, output = output_of("sh", "-c", "env; ls $STAGING_DIR; exit 7")
    assert code == 7
    given = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    assert given["MAG_ENV"] == "test"
    assert given["DATABASE_URL"].startswith("postgres://mag:")
    assert given["EMAIL_URL"].startswith("smtp://127.0.0.1:")
    assert {"REDIS_URL", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_BUCKET"} <= set(given)
    assert not Path(given["DATA_DIR"]).exists()


def begun(tmp_path: Path, **variables: str) -> subprocess.Popen[str]:
    """It, once its command runs; that waits until it is ended."""
    child = launch("sh", "-c", f"env > {tmp_path}/environment; touch {tmp_path}/begun; exec sleep 600", **variables)
    wait_until((tmp_path / "begun").exists, within=60, what="the command has begun")
    return child


def test_a_service_that_is_given_is_not_started(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "postgres://elsewhere/x",
        "S3_ENDPOINT_URL": "http://elsewhere",
        "REDIS_URL": "redis://elsewhere",
    }
    child = begun(tmp_path, **given)
    programs = [Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in descendants(child.pid)]
    child.terminate()
    child.communicate(timeout=60)
    assert {f"{name}={value}" for name, value in given.items()} <= set(
        (tmp_path / "environment").read_text().splitlines()
    )
    assert sorted("mag_portal.local.mailbox" in program for program in programs) == [False, True]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_it(tmp_path: Path, number: signal.Signals) -> None:
    child = begun(tmp_path)
    pids = descendants(child.pid)
    assert len(pids) >= 5
    os.kill(child.pid, number)
    child.communicate(timeout=60)
    wait_until(lambda: not any(alive(pid) for pid in pids), within=30, what="every process has ended")


def test_a_missing_command_is_told() -> None:
    child = launch()
    assert "with_services COMMAND" in child.communicate(timeout=60)[1]
    assert child.returncode == 2


def test_pytest_without_services_says_how_to_get_them() -> None:
    command = (sys.executable, "-m", "pytest", "-q", "tests/local/test_mailbox.py")
    done = subprocess.run(command, cwd=REPOSITORY, env=plain_environment(), capture_output=True, text=True, check=False)
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert line.startswith("ERROR: The tests need real services and MAG_ENV, DATABASE_URL")
    assert "make test" in line


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    abandoned, foreign = tmp_path / "mag-services-abandoned", tmp_path / "mag-else"
    for folder in (abandoned, foreign):
        (folder / "postgresql" / "data").mkdir(parents=True)
    with with_services.temporary_folder() as in_use:
        with_services.remove_abandoned()
        assert in_use.exists()
        assert foreign.exists()
        assert not abandoned.exists()
    assert not in_use.exists()
