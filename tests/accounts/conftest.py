"""Fixtures of this room; what they are made of is in ``stages``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from accounts import ports
from accounts.models import User
from accounts.services import one_time_passwords, people
from core import throttles
from core.actor import Actor
from core.ports import Port
from tests.accounts.stages import ADMINISTRATOR, Invited, Upstairs, activate, invite


@pytest.fixture(autouse=True)
def upstairs() -> Iterator[Upstairs]:
    doors: tuple[Port[Any], ...] = (
        ports.sign_in_policy,
        ports.account_listener,
        ports.factor_policy,
        ports.guardians,
    )
    before = [port() for port in doors]
    stand_in = Upstairs()
    for port in doors:
        port.bind(stand_in)
    yield stand_in
    for port, implementation in zip(doors, before, strict=True):
        port.bind(implementation)


@pytest.fixture
def visitor() -> Actor:
    return Actor.anonymous(ip="203.0.113.5", request_id="request-0001")


@pytest.fixture
def invited(db: None) -> Invited:
    return invite()


@pytest.fixture
def invited_other(db: None) -> Invited:
    return invite("Kim", "Lindqvist", "kim.lindqvist@hawker.example")


@pytest.fixture
def person(db: None) -> User:
    """Somebody active, whose password is ``PASSWORD``."""
    return activate(invite())


@pytest.fixture
def staff(db: None) -> User:
    """An active member of the operator's staff."""
    user = people.create_staff(ADMINISTRATOR, first_name="Robin", last_name="Okafor", email="robin@operator.example")
    secret = one_time_passwords.generate()
    one_time_passwords.issue(ADMINISTRATOR, user=user, secret_hash=one_time_passwords.hash_of(secret))
    return activate(Invited(user, secret))


@pytest.fixture
def no_redis(settings: LazySettings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttles._limiter.cache_clear()
    yield
    throttles._limiter.cache_clear()
