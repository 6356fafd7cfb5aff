"""A sender, the two ports with implementations that tests can look into, a staging folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis
from django.conf import LazySettings

from accounts.models import User, UserState
from core.actor import Actor, ActorKind
from core.policies import ALLOWED, Decision, refused
from tests.transfers import faulty_store
from tests.transfers.faulty_store import FaultyStore
from transfers.models import Upload
from transfers.ports import Place, download_policy, storage_placement, transfer_listener, upload_policy
from transfers.services import maintenance, room
from transfers.storage import forget_clients

MIB = 1024**2
# The smallest part that S3 takes in the middle of a file.
PART = 5 * MIB


@dataclass
class Policy:
    """Allows everything until told otherwise, and remembers what it was asked."""

    decision: Decision = ALLOWED
    asked: list[tuple[UUID | None, UUID | None, str, int]] = field(default_factory=list)

    def may_upload(
        self, actor: Actor, *, subject: UUID | None, name: str, size: int, upload: Upload | None
    ) -> Decision:
        self.asked.append((actor.user_id, subject, name, size))
        return self.decision


@dataclass
class Listener:
    """Remembers what it was told, in order."""

    told: list[tuple[str, UUID]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    completed_ids: list[UUID] = field(default_factory=list)

    def created(self, upload: Upload) -> None:
        self.told.append(("created", upload.id))

    def completed(self, upload: Upload) -> None:
        self.completed_ids.append(upload.id)

    def stored(self, upload: Upload) -> None:
        self.told.append(("stored", upload.id))

    def quarantined(self, upload: Upload) -> None:
        self.told.append(("quarantined", upload.id))

    def fetched(self, uploads: Sequence[Upload], *, actor: Actor) -> None:
        self.told += [("fetched", upload.id) for upload in uploads]

    def failed(self, upload: Upload, reason: str) -> None:
        self.told.append(("failed", upload.id))
        self.reasons.append(reason)

    def removed(self, upload: Upload) -> None:
        self.told.append(("removed", upload.id))


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch) -> Policy:
    bound = Policy()
    monkeypatch.setattr(upload_policy, "_bound", bound)
    return bound


@dataclass
class Placement:
    place: Place = field(default_factory=Place)

    def place_for(self, actor: Actor, *, subject: UUID | None) -> Place:
        return self.place


@pytest.fixture(autouse=True)
def placement(monkeypatch: pytest.MonkeyPatch) -> Placement:
    bound = Placement()
    monkeypatch.setattr(storage_placement, "_bound", bound)
    return bound


@dataclass
class Fetching:
    """Who else than the owner may have a file: nobody until told otherwise."""

    decision: Decision = field(default_factory=lambda: refused("This file is not yours."))

    def may_fetch(self, actor: Actor, *, upload: Upload) -> Decision:
        return self.decision


@pytest.fixture(autouse=True)
def fetching(monkeypatch: pytest.MonkeyPatch) -> Fetching:
    bound = Fetching()
    monkeypatch.setattr(download_policy, "_bound", bound)
    return bound


@pytest.fixture(autouse=True)
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    bound = Listener()
    monkeypatch.setattr(transfer_listener, "_bound", bound)
    return bound


@pytest.fixture(autouse=True)
def staging(settings: LazySettings, tmp_path: Path) -> Path:
    settings.STAGING_DIR = tmp_path / "staging"
    settings.NODE_NAME = "here"
    settings.UPLOAD_PART_BYTES = PART
    room.forget()
    maintenance.forget()
    return tmp_path / "staging"


@pytest.fixture
def queues(settings: LazySettings) -> Iterator[redis.Redis]:
    """The broker, to see who was woken."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def faulty(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyStore]:
    """The store of the tests, reached through something that breaks on demand; nobody waits between tries."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with faulty_store.in_front_of(settings.S3_ENDPOINT_URL) as proxy:
        settings.S3_ENDPOINT_URL = proxy.endpoint
        forget_clients()
        yield proxy
    forget_clients()


def make_user(name: str) -> User:
    return User.objects.create(
        user_id=f"{name}_{uuid4().int % 10_000:04}",
        email=f"{name}-{uuid4().hex[:8]}@partner.example",
        first_name=name.title(),
        last_name="Sender",
        state=UserState.ACTIVE,
    )


@pytest.fixture
def sender(db: None) -> User:
    return make_user("smithj")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("doej")


def actor_of(user: User) -> Actor:
    return Actor(kind=ActorKind.USER, label=user.user_id, user_id=user.id)


@pytest.fixture
def actor(sender: User) -> Actor:
    return actor_of(sender)
