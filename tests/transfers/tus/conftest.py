"""The upload pool as it really runs, for a whole test process, and a company whose people may send files."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.models import Scope
from accounts.proofs import Proof
from accounts.services import access_tokens
from core.actor import Actor
from orgs.models import Membership
from tests.sft import world as worlds
from tests.sft.world import World, acting
from tests.transfers.conftest import MIB, PART
from tests.transfers.test_upload_pool import Pool
from tests.transfers.tus.speaking import Speaker

LARGEST = 32 * MIB
# How long the pool of these tests waits for a silent line: no test wants to wait for the minute of production.
PATIENCE_SECONDS = 4


@dataclass
class Gateway:
    pool: Pool
    staging: Path
    world: World
    speaker: Speaker
    stranger: Speaker

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.pool.port}/transfers/tus/"


def proved(membership: Membership) -> Actor:
    """The member in a session that was opened with all that any rule asks for."""
    return acting(membership).at(ip=None, request_id="", proofs=frozenset({Proof.PASSWORD, Proof.PASSKEY}))


def token_of(membership: Membership, *scopes: Scope) -> str:
    allowed = list(scopes or (Scope.FILES_SEND,))
    return access_tokens.create(proved(membership), user=membership.user, name=uuid4().hex, scopes=allowed)[1]


@pytest.fixture(scope="session")
def _pool(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pool]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with django_db_blocker.unblock():
        database = connection.settings_dict
    host = f"{database['HOST']}:{database['PORT']}"
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://{database['USER']}:{database['PASSWORD']}@{host}/{database['NAME']}",
        "MAG_POOL": "uploads",
        "NODE_NAME": "here",
        "STAGING_DIR": str(tmp_path_factory.mktemp("staging")),
        "UPLOAD_PART_BYTES": str(PART),
        "UPLOAD_MAX_BYTES": str(LARGEST),
        "UPLOAD_STALL_SECONDS": str(PATIENCE_SECONDS),
    }
    pool = Pool(environment, port)
    pool.start()
    yield pool
    pool.kill()


@pytest.fixture(scope="module")
def gateway(_pool: Pool, django_db_blocker: DjangoDbBlocker) -> Iterator[Gateway]:
    """What a module's tests share, in the database until the last of them is through."""
    staging = Path(_pool.environment["STAGING_DIR"])
    with django_db_blocker.unblock():
        world = worlds.build()
        worlds.with_access(world.recipient)
        yield Gateway(
            pool=_pool,
            staging=staging,
            world=world,
            speaker=Speaker(_pool.port, token_of(world.sender)),
            stranger=Speaker(_pool.port, token_of(world.recipient)),
        )
        call_command("flush", verbosity=0, interactive=False)
        for file in staging.iterdir():
            file.unlink()


@pytest.fixture
def db(gateway: Gateway) -> None:
    """In place of pytest-django's: the pool sees what is committed, so nothing is rolled back between these tests."""


@pytest.fixture(autouse=True)
def staging(settings: LazySettings, gateway: Gateway, db: None) -> Path:
    settings.STAGING_DIR = gateway.staging
    settings.NODE_NAME = "here"
    settings.UPLOAD_PART_BYTES = PART
    settings.UPLOAD_MAX_BYTES = LARGEST
    return gateway.staging


@pytest.fixture
def tus(gateway: Gateway) -> Speaker:
    return gateway.speaker


@pytest.fixture
def stranger(gateway: Gateway) -> Speaker:
    return gateway.stranger
