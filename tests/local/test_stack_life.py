"""One stack is stopped, killed and started again; its data stays. The tests build on each other, in this order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psycopg
import pytest
import redis

from mag_portal.local.object_store import ObjectStore
from tests.stack import Stack, alive, descendants, wait_until

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    own = Stack(tmp_path_factory.mktemp("life") / "data")
    own.start()
    yield own
    own.stop()


def leave_traces(own: Stack) -> None:
    with psycopg.connect(own.run["database_url"]) as connection:
        connection.execute("CREATE TABLE trace (number int)")
        connection.execute("INSERT INTO trace VALUES (1)")
    with redis.Redis.from_url(own.run["redis_url"]) as client:
        client.incr("trace")
    store = ObjectStore(**own.run["s3"])
    store.client().put_object(Bucket=store.bucket, Key="trace", Body=b"trace")


def traces(own: Stack) -> tuple[int, int, bytes]:
    with psycopg.connect(own.run["database_url"]) as connection:
        row = connection.execute("SELECT count(*) FROM trace").fetchone()
    with redis.Redis.from_url(own.run["redis_url"]) as client:
        counted = int(client.get("trace") or 0)
    store = ObjectStore(**own.run["s3"])
    stored = store.client().get_object(Bucket=store.bucket, Key="trace")["Body"].read()
    return (row[0] if row else 0), counted, stored


def test_sigterm_ends_every_process(own: Stack) -> None:
    leave_traces(own)
    pids = descendants(own.pid)
    assert own.stop(within=20) == 0
    assert not any(alive(pid) for pid in pids)
    assert not (own.data_dir / "run.json").exists()


def test_a_second_start_finds_its_data_on_the_same_ports(own: Stack) -> None:
    ports_before = (own.data_dir / "ports.json").read_text()
    own.start()
    assert traces(own) == (1, 1, b"trace")
    assert (own.data_dir / "ports.json").read_text() == ports_before


def test_a_killed_supervisor_leaves_no_orphan(own: Stack) -> None:
    pids = descendants(own.pid)
    os.kill(own.pid, signal.SIGKILL)
    own.stop()
    wait_until(lambda: not any(alive(pid) for pid in pids), within=15, what="every process has ended")


def test_it_starts_after_being_killed_and_on_other_ports(own: Stack) -> None:
    (own.data_dir / "ports.json").unlink()
    own.start()
    assert traces(own) == (1, 1, b"trace")


def test_ctrl_c_ends_it_too(own: Stack) -> None:
    assert own.stop(signal.SIGINT, within=20) == 0
