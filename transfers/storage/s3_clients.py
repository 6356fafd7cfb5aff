"""The clients of boto3, each made once for a process, and the buckets that they lead to.

boto3 is imported with the first of them: it is a sixth of a process's memory.
"""

from __future__ import annotations

import logging
from functools import cached_property, lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from django.conf import settings

from transfers.storage import s3_lines
from transfers.storage.connection import bucket_rules
from transfers.storage.keeping import Keeping
from transfers.storage.port import ObjectStore, Standing
from transfers.storage.s3 import S3Store
from transfers.storage.s3_lines import Lines

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

# Somebody waits in front of a download, and a thread of the pages pool with them.
READ_TIMEOUT_SECONDS = 10
# A worker waits while a store puts many parts together.
WRITE_TIMEOUT_SECONDS = 60

_prepared: set[str] = set()


def opened(bucket: str) -> ObjectStore:
    """The bucket of this name; one besides that of the settings is made when something is put into it for the first time."""
    prepare = None if bucket == settings.S3_BUCKET else _prepare
    return S3Store(_clients(), bucket=bucket, keeping=_keeping(), prepare=prepare)


def forget() -> None:
    """Connect anew with the next call, to where the settings lead then."""
    _clients.cache_clear()
    _prepared.clear()


def _prepare(bucket: S3Store) -> None:
    """Make a bucket that this process has not seen yet. Two that make it at once make the same."""
    if bucket.bucket in _prepared:
        return
    if bucket.ensure_bucket():
        logger.info("Bucket %s was made.", bucket.bucket)
    for finding in bucket.configure(bucket_rules()):
        if finding.standing is not Standing.AS_WANTED:
            logger.info("Bucket %s: %s: %s.", bucket.bucket, finding.rule, finding.standing)
    _prepared.add(bucket.bucket)


def _keeping() -> Keeping:
    return Keeping(
        encryption=settings.S3_SSE,
        encryption_key=settings.S3_SSE_KMS_KEY_ID,
        lock_mode=settings.S3_OBJECT_LOCK_MODE,
        lock_days=settings.S3_OBJECT_LOCK_DAYS,
    )


class _Clients:
    """Each is made when it is first asked for: a process that only reads objects does without boto3."""

    def __init__(self) -> None:
        # A session must not make two clients at once.
        self._making = Lock()

    @cached_property
    def writer(self) -> S3Client:
        with self._making:
            return _client(settings.S3_ENDPOINT_URL, read_timeout=WRITE_TIMEOUT_SECONDS, attempts=3)

    @cached_property
    def reader(self) -> S3Client:
        with self._making:
            return _client(settings.S3_ENDPOINT_URL, read_timeout=READ_TIMEOUT_SECONDS, attempts=1)

    @cached_property
    def signer(self) -> S3Client:
        public = settings.S3_PUBLIC_ENDPOINT_URL or settings.S3_ENDPOINT_URL
        with self._making:
            return _client(public, read_timeout=READ_TIMEOUT_SECONDS, attempts=1)

    @cached_property
    def lines(self) -> Lines | None:
        return _lines()


@lru_cache(maxsize=1)
def _clients() -> _Clients:
    return _Clients()


def _lines() -> Lines | None:
    if not s3_lines.reach(settings.S3_ENDPOINT_URL):
        return None
    return Lines(
        settings.S3_ENDPOINT_URL,
        region=settings.S3_REGION,
        access_key=settings.S3_ACCESS_KEY_ID,
        secret_key=settings.S3_SECRET_ACCESS_KEY,
        ca_bundle=_ca_bundle(),
        read_timeout=READ_TIMEOUT_SECONDS,
    )


@lru_cache(maxsize=1)
def _session() -> boto3.session.Session:
    """Reads what it knows of S3 once, which takes longer than all else in making a client."""
    import boto3

    return boto3.session.Session()


def _client(endpoint: str, *, read_timeout: float, attempts: int) -> S3Client:
    from botocore.config import Config

    return _session().client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=settings.S3_ACCESS_KEY_ID,
        aws_secret_access_key=settings.S3_SECRET_ACCESS_KEY,
        region_name=settings.S3_REGION,
        verify=_ca_bundle(),
        config=Config(
            signature_version="s3v4",
            # Parts carry a checksum of their own; over TLS hashing them again for the signature proves nothing more.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=5,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=64,
            tcp_keepalive=True,
        ),
    )


def _ca_bundle() -> str:
    from botocore.httpsession import get_cert_path

    return settings.S3_CA_BUNDLE or str(get_cert_path(True))  # noqa: FBT003 - botocore's own signature
