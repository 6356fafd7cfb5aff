from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.portal.sweeps.walk import Answers, Walk, walking


@pytest.fixture(scope="session")
def _answers() -> Answers:
    return {}


@pytest.fixture(scope="module")
def walk(django_db_setup: None, django_db_blocker: Any, _redis: redis.Redis, _answers: Answers) -> Iterator[Walk]:
    """One walk for all tests of a module: the world is made once, and each request is undone."""
    with django_db_blocker.unblock(), walking(_redis, _answers) as walk:
        yield walk
