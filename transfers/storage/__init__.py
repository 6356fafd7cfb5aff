"""The object store behind one small interface."""

from __future__ import annotations

from transfers.storage.connection import bucket_rules, forget_clients, store
from transfers.storage.errors import (
    DigestRefused,
    NoSuchMultipart,
    NoSuchObject,
    PartsDiffer,
    StoreError,
    StoreUnavailable,
)
from transfers.storage.port import (
    BucketRules,
    Facts,
    Finding,
    ObjectStore,
    OpenMultipart,
    Presigned,
    Reading,
    Standing,
    StoredPart,
)

__all__ = [
    "BucketRules",
    "DigestRefused",
    "Facts",
    "Finding",
    "NoSuchMultipart",
    "NoSuchObject",
    "ObjectStore",
    "OpenMultipart",
    "PartsDiffer",
    "Presigned",
    "Reading",
    "Standing",
    "StoreError",
    "StoreUnavailable",
    "StoredPart",
    "bucket_rules",
    "forget_clients",
    "store",
]
