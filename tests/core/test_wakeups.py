"""Wake-ups with a broker that is there, gone, or silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import kombu.pools
import pytest
from celery import current_app
from django.conf import LazySettings
from django.db import connection, transaction

from core import wakeups

UseBroker = Callable[[str], None]
# How long the tests wait for a silent broker, in place of seconds; each of these is asked twice at most.
SOON = 0.3


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Iterator[UseBroker]:
    monkeypatch.setattr(wakeups, "_quiet_until", 0.0)
    before, options = current_app.conf.broker_url, current_app.conf.broker_transport_options
    assert 2 * options["socket_timeout"] < 10

    def use(url: str, *, silent_for: float = SOON) -> None:
        current_app.conf.update(
            broker_url=url, broker_write_url=url, broker_transport_options={**options, "socket_timeout": silent_for}
        )
        kombu.pools.reset()
        current_app._pool = current_app.amqp._producer_pool = None  # type: ignore[attr-defined]

    yield use
    use(before, silent_for=options["socket_timeout"])
    current_app.conf.update(broker_read_url=before)


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """Takes connections and never says a word, as a frozen process does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_a_broker_that_answers_is_told(use_broker: UseBroker) -> None:
    assert wakeups.now("core.tasks.sweep_outbox", queue="nobody-listens") is True


def test_a_broker_that_is_gone_costs_no_time_and_raises_nothing(use_broker: UseBroker) -> None:
    use_broker("redis://127.0.0.1:1/0")
    start = time.monotonic()
    assert wakeups.now("core.tasks.sweep_outbox") is False
    assert time.monotonic() - start < 2


def test_a_silent_broker_is_waited_for_once(use_broker: UseBroker, silent_broker: str) -> None:
    use_broker(silent_broker)
    start = time.monotonic()
    assert [wakeups.now("core.tasks.sweep_outbox") for _ in range(5)] == [False] * 5
    assert SOON <= time.monotonic() - start < 10 * SOON


def test_what_waits_in_a_queue_is_counted() -> None:
    assert wakeups.waiting("nobody-listens") == 0
    for _ in range(3):
        wakeups.now("core.tasks.sweep_outbox", queue="nobody-listens")
    assert wakeups.waiting("nobody-listens") == 3


def test_of_a_broker_that_is_gone_or_silent_nothing_is_known_soon(use_broker: UseBroker, silent_broker: str) -> None:
    for url in ("redis://127.0.0.1:1/0", silent_broker):
        use_broker(url)
        current_app.conf.update(broker_read_url=url)
        start = time.monotonic()
        assert wakeups.waiting("mail") == 0
        assert time.monotonic() - start < 10 * SOON


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_a_transaction_that_did_not_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: woken.append(name))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        wakeups.after_commit("core.tasks.sweep_outbox")
        raise ZeroDivisionError
    assert woken == []
    with transaction.atomic():
        wakeups.after_commit("core.tasks.sweep_outbox")
        assert connection.in_atomic_block
        assert woken == []
    assert woken == ["core.tasks.sweep_outbox"]
