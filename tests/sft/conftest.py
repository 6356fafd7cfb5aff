from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from orgs.models import Membership
from tests.sft import world as worlds
from tests.sft.world import World

MIB = 1024**2


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


@pytest.fixture(autouse=True)
def _own_staging(settings: LazySettings, tmp_path: Path) -> None:
    settings.STAGING_DIR = tmp_path / "staging"
    settings.UPLOAD_PART_BYTES = 5 * MIB


@pytest.fixture
def browser_of() -> Callable[[Membership | User], Client]:
    """A browser in which this member, or this member of staff, has signed in."""

    def sign_in(who: Membership | User) -> Client:
        client = Client()
        client.force_login(who.user if isinstance(who, Membership) else who)
        return client

    return sign_in


@pytest.fixture
def visitor() -> Client:
    return Client()
