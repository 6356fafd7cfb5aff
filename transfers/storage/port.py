"""What the byte engine needs of an object store.

A key, a multipart id and an ETag are the store's words; digests are SHA-256 in hexadecimal, as in the ledger.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as the store knows it; ``sha256`` is empty where the store does not tell."""

    number: int
    etag: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class OpenMultipart:
    key: str
    multipart_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store says of an object; empty or ``None`` what it does not say."""

    size: int
    etag: str
    modified_at: datetime
    encryption: str = ""
    encryption_key: str = ""
    lock_mode: str = ""
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """An object as the store lists it."""

    key: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Presigned:
    """An address that does one thing without any key of ours until ``expires_at``, if these ``headers`` are sent with it."""

    url: str
    expires_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BucketRules:
    """How a bucket is to be: when parts that never became an object go, and from which pages browsers may send parts."""

    abandon_after_days: int
    origins: tuple[str, ...] = ()
    locks_objects: bool = False


class Standing(StrEnum):
    AS_WANTED = "is as wanted"
    CHANGED = "was set"
    DIFFERS = "is not as wanted"
    UNSUPPORTED = "is not supported by this store"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one of the rules stands at the bucket."""

    rule: str
    standing: Standing


class Reading(Protocol):
    """Bytes of an object that were asked for."""

    def blocks(self) -> Generator[bytes]:
        """As ``ObjectStore.read``; to be had once."""

    def close(self) -> None:
        """Give up what was not read."""


class ObjectStore(Protocol):
    """One bucket. Every method may raise ``StoreUnavailable`` or another ``StoreError``."""

    def ensure_bucket(self) -> bool:
        """Make the bucket where it is missing; True when it was."""

    def configure(self, rules: BucketRules, *, only_look: bool = False) -> Sequence[Finding]:
        """Bring the bucket to these rules, and leave what others have set there; says how each stands now."""

    def begin(self, key: str) -> str:
        """Open a multipart upload and return its id."""

    def put_part(self, key: str, multipart_id: str, number: int, body: BinaryIO, *, size: int, sha256: str) -> str:
        """Store one part, checked by the store against ``sha256``; returns its ETag. A repeat replaces the part.

        Raises ``NoSuchMultipart`` or ``DigestRefused``.
        """

    def presign_part(
        self, key: str, multipart_id: str, number: int, *, size: int, sha256: str, lifetime: timedelta
    ) -> Presigned:
        """An address that takes exactly this part by PUT, nothing of another length or SHA-256. Asks the store nothing."""

    def assemble(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        """Make the object of its parts, in the order of their numbers. A repeat may raise ``NoSuchMultipart``.

        Raises ``PartsDiffer`` when the store holds other parts than these.
        """

    def abandon(self, key: str, multipart_id: str) -> None:
        """Drop a multipart upload and its parts; one that is not there is no error."""

    def parts(self, key: str, multipart_id: str) -> Iterator[StoredPart]:
        """The parts the store holds, by number; some stores list a repeated part twice. Raises ``NoSuchMultipart``."""

    def open_multiparts(self) -> Iterator[OpenMultipart]:
        """Every multipart upload that was begun and neither assembled nor abandoned."""

    def put_empty(self, key: str) -> None:
        """Store an object of no bytes (S3 has no multipart upload without a part)."""

    def put_aside(self, key: str, body: BinaryIO, *, size: int, sha256: str) -> None:
        """Store bytes in one go that are fetched and deleted again soon: encrypted like all, but never under retention.

        Raises ``DigestRefused``.
        """

    def objects(self, prefix: str) -> Iterator[Kept]:
        """Every object whose key begins with ``prefix``."""

    def head(self, key: str) -> Facts:
        """What the store says of an object. Raises ``NoSuchObject``."""

    def size(self, key: str) -> int:
        """The length of an object. Raises ``NoSuchObject``."""

    def read(self, key: str, *, start: int, length: int) -> Generator[bytes]:
        """Exactly ``length`` bytes from ``start`` in blocks of at most 1 MiB; a cut connection is taken up where it broke.

        Raises ``NoSuchObject``, also when the object ends before ``length`` bytes were read.
        """

    def ask(self, key: str, *, start: int, length: int) -> Reading:
        """``read`` whose request is on its way when this returns, so that the store works while something else is sent.

        Raises nothing: what goes wrong is found by who reads.
        """

    def presign_get(self, key: str, *, lifetime: timedelta, disposition: str = "", for_us: bool = False) -> Presigned:
        """An address that gives the object by GET, under this ``Content-Disposition``. Asks the store nothing.

        It leads where browsers reach the store, or, ``for_us``, where the gateway does.
        """

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error.

        Where objects are under retention it is hidden at once, and its bytes stay until the store lets them go.
        """
