"""``make run`` seen from outside: what it says, what it restarts, what it leaves behind."""

from __future__ import annotations

import socket
import urllib.request
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from mag_portal.local.object_store import ObjectStore
from tests.stack import Stack, alive, descendants, wait_until

PROCESSES = {
    *("postgresql", "redis", "s3", "mailbox"),
    *("pages", "uploads", "mail", "push", "transfers", "housekeeping", "beat"),
}


def store_of(stack: Stack) -> ObjectStore:
    return ObjectStore(**stack.run["s3"])


def page(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310
            return int(response.status)
    except OSError:
        return 0


def are_gone(pids: set[int]) -> bool:
    return not any(alive(pid) for pid in pids)


def listening_addresses(pids: set[int]) -> set[str]:
    opened = (connection for pid in pids for connection in psutil.Process(pid).net_connections("inet"))
    return {connection.laddr.ip for connection in opened if connection.status in {psutil.CONN_LISTEN, psutil.CONN_NONE}}


def test_run_file_is_complete(stack: Stack) -> None:
    run = stack.run
    assert set(run["processes"]) == PROCESSES
    assert all(alive(pid) for pid in run["processes"].values())
    assert run["base_url"] == f"http://localhost:{stack.port}"
    assert set(run["s3"]) == {"endpoint", "access_key", "secret_key", "bucket", "region"}
    assert {"mailbox_url", "mailbox_api", "database_url", "redis_url", "accounts", "invitation_url"} <= set(run)
    assert run["parts_endpoint"] == f"{run['base_url']}/transfers/uploads/"
    assert run["tus_endpoint"] == f"{stack.variable('UPLOAD_ORIGINS').split(',')[0]}/transfers/tus/"


def test_it_gives_programs_a_token_for_each_account_that_may_send(stack: Stack) -> None:
    with_token = {account["role"] for account in stack.run["accounts"] if account["token"].startswith("mag_")}
    without = {account["role"] for account in stack.run["accounts"] if not account["token"]}
    assert "Employee with access" in with_token
    assert without >= {"Employee without access", "Operator staff"}


def test_run_file_and_secrets_are_for_their_owner_only(stack: Stack) -> None:
    for name in ("run.json", "env", "secrets.json", "demo.json"):
        assert (stack.data_dir / name).stat().st_mode & 0o077 == 0, name


def test_everything_it_names_answers(stack: Stack) -> None:
    run = stack.run
    assert page(f"{run['base_url']}/sign-in/") == 200
    assert page(run["mailbox_url"]) == 200
    assert stack.mails(to="nobody@example.org") == []
    with psycopg.connect(run["database_url"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with redis.Redis.from_url(run["redis_url"]) as client:
        assert client.ping()
    assert store_of(stack).has_bucket()


def test_it_listens_on_the_loopback_only(stack: Stack) -> None:
    assert listening_addresses({stack.pid, *descendants(stack.pid)}) == {"127.0.0.1"}


def test_management_commands_work_on_it(stack: Stack) -> None:
    assert "[X]" in stack.manage("showmigrations", "core")


def test_killed_processes_are_started_again_and_leave_no_children(stack: Stack) -> None:
    children = {name: descendants(stack.pid_of(name)) for name in PROCESSES}
    killed = {name: stack.kill(name) for name in sorted(PROCESSES)}
    for name, pid in killed.items():
        stack.wait_for_restart(name, killed=pid, within=60)
        wait_until(partial(are_gone, children[name]), within=30, what=f"the children of the killed {name} are gone")
    wait_until(lambda: page(f"{stack.base_url}/sign-in/") == 200, within=60, what="the sign-in page is back")
    wait_until(store_of(stack).has_bucket, within=60, what="the store is back")


def test_a_taken_port_is_told_in_one_sentence(stack: Stack, tmp_path: Path) -> None:
    other = Stack(tmp_path / "data")
    with socket.create_server(("127.0.0.1", other.port)):
        assert other.launch().wait(timeout=60) == 1
    assert f"Port {other.port} of 127.0.0.1 is taken" in other.log.read_text()
    assert len(other.log.read_text().splitlines()) == 1


def test_a_second_one_on_the_same_data_is_told_in_one_sentence(stack: Stack, tmp_path: Path) -> None:
    other = Stack(stack.data_dir)
    other.log = tmp_path / "log"
    assert other.launch().wait(timeout=60) == 1
    assert f"already runs on the data folder {stack.data_dir} (process {stack.pid})" in other.log.read_text()
    assert len(other.log.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "80a"}, "PORT=80a is not a port"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}, "The database of DATABASE_URL does not answer."),
        ({"REDIS_URL": "redis://127.0.0.1:9/0"}, "The Redis of REDIS_URL does not answer."),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:9"}, "S3_ENDPOINT_URL is set, so S3_ACCESS_KEY_ID has to be set too."),
        ({"DATA_DIR": "/proc/nowhere"}, "The data folder /proc/nowhere cannot be written"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    stack = Stack(tmp_path / "data")
    assert stack.launch(**variables).wait(timeout=60) == 1
    *_, last = stack.log.read_text().splitlines()
    assert sentence in last
