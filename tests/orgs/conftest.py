from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from orgs.models import Membership
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


@pytest.fixture
def registrant(db: None) -> Registrant:
    return Registrant()


@pytest.fixture
def browser_of() -> Callable[[Membership | User], Client]:
    """A browser in which this member, or this member of staff, has signed in."""

    def sign_in(who: Membership | User) -> Client:
        client = Client()
        client.force_login(who.user if isinstance(who, Membership) else who)
        return client

    return sign_in
