"""What a store may refuse. The texts are for logs, never for people."""

from __future__ import annotations


class StoreError(Exception):
    """The store did not do what was asked."""


class StoreUnavailable(StoreError):
    """No answer, or one that says "later". The same call may be made again."""


class NoSuchMultipart(StoreError):
    """The store knows no such multipart upload: it was completed, aborted or lost."""


class PartsDiffer(StoreError):
    """The store holds other parts than the ledger says."""


class DigestRefused(StoreError):
    """What arrived at the store does not have the SHA-256 it was announced with."""


class NoSuchObject(StoreError):
    """There is no object under this key."""
