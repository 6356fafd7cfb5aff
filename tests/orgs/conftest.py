from __future__ import annotations

from collections.abc import Callable, Iterator

import kombu.pools
import pytest
from celery import current_app
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from core import throttles, wakeups
from orgs.models import Membership, Registration
from orgs.services import review
from tests.orgs import world as worlds
from tests.orgs.browsing import viewer
from tests.orgs.joiner import Joiner
from tests.orgs.questions import QUESTION
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

__all__ = ["viewer"]


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


@pytest.fixture
def registrant(db: None) -> Registrant:
    return Registrant()


@pytest.fixture
def joiner(db: None) -> Joiner:
    return Joiner()


@pytest.fixture
def confirmed(world: World, joiner: Joiner) -> Joiner:
    joiner.start()
    joiner.open_mail()
    joiner.confirm()
    return joiner


@pytest.fixture
def submitted(world: World, registrant: Registrant) -> Registration:
    """One that went through the wizard."""
    return registrant.submitted()


@pytest.fixture
def asked(world: World, submitted: Registration) -> Registration:
    """The same, after the operator's question."""
    review.ask(world.operator, submitted, question=QUESTION)
    submitted.refresh_from_db()
    return submitted


@pytest.fixture
def browser_of() -> Callable[[Membership | User], Client]:
    """A browser in which this member, or this member of staff, has signed in."""

    def sign_in(who: Membership | User) -> Client:
        client = Client()
        client.force_login(who.user if isinstance(who, Membership) else who)
        return client

    return sign_in


@pytest.fixture
def no_redis(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither throttles nor the broker find their Redis."""
    broker = current_app.conf.broker_url
    gone = settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(wakeups, "_quiet_until", 0.0)
    throttles._limiter.cache_clear()
    _use_broker(gone)
    yield
    throttles._limiter.cache_clear()
    _use_broker(broker)


def _use_broker(url: str) -> None:
    current_app.conf.update(broker_url=url, broker_write_url=url)
    kombu.pools.reset()
    current_app._pool = current_app.amqp._producer_pool = None  # type: ignore[attr-defined]
