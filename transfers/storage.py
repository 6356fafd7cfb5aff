"""The object store behind one small interface. Nothing else in the house speaks S3.

A key, a multipart id and an ETag are the store's words; digests are SHA-256 in hexadecimal, as in the ledger.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, NoReturn, Protocol

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

BLOCK = 1024**2
READ_TRIES = 4
# Somebody waits in front of a download, and a thread of the pages pool with them.
READ_TIMEOUT_SECONDS = 10


class StoreError(Exception):
    """The store did not do what was asked. Its text is for logs, never for people."""


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


class ObjectStore(Protocol):
    """What the byte engine needs of a store. Every method may raise ``StoreUnavailable`` or another ``StoreError``."""

    def ensure_bucket(self) -> bool:
        """Make the bucket where it is missing; True when it was."""

    def begin(self, key: str) -> str:
        """Open a multipart upload and return its id."""

    def put_part(self, key: str, multipart_id: str, number: int, body: BinaryIO, *, size: int, sha256: str) -> str:
        """Store one part, checked by the store against ``sha256``; returns its ETag. A repeat replaces the part.

        Raises ``NoSuchMultipart`` or ``DigestRefused``.
        """

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

    def size(self, key: str) -> int:
        """The length of an object. Raises ``NoSuchObject``."""

    def read(self, key: str, *, start: int, length: int) -> Generator[bytes]:
        """Exactly ``length`` bytes from ``start`` in blocks of at most 1 MiB; a cut connection is taken up where it broke.

        Raises ``NoSuchObject``, also when the object ends before ``length`` bytes were read.
        """

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""


def store(bucket: str = "") -> ObjectStore:
    """The bucket of this name at the store of the settings, or the one that these name; safe to use from many threads."""
    client, reader = _clients()
    return S3Store(client, reader=reader, bucket=bucket or settings.S3_BUCKET)


def forget_clients() -> None:
    """Connect anew with the next call, to where the settings lead then."""
    _clients.cache_clear()


@lru_cache(maxsize=1)
def _clients() -> tuple[S3Client, S3Client]:
    return _client(read_timeout=60, attempts=3), _client(read_timeout=READ_TIMEOUT_SECONDS, attempts=1)


def _client(*, read_timeout: int, attempts: int) -> S3Client:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.S3_ENDPOINT_URL,
        aws_access_key_id=settings.S3_ACCESS_KEY_ID,
        aws_secret_access_key=settings.S3_SECRET_ACCESS_KEY,
        region_name=settings.S3_REGION,
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


class S3Store:
    """``ObjectStore`` over the S3 protocol. ``reader`` gives up sooner, and leaves trying again to ``read``."""

    def __init__(self, client: S3Client, *, reader: S3Client, bucket: str) -> None:
        self._client = client
        self._reader = reader
        self._bucket = bucket

    def ensure_bucket(self) -> bool:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if _status(error) != 404:
                _translate(error)
        except BotoCoreError as error:
            _translate(error)
        else:
            return False
        try:
            self._client.create_bucket(Bucket=self._bucket)
        except self._client.exceptions.BucketAlreadyOwnedByYou:
            return False
        except (ClientError, BotoCoreError) as error:
            _translate(error)
        return True

    def begin(self, key: str) -> str:
        try:
            answer = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ChecksumAlgorithm="SHA256")
        except (ClientError, BotoCoreError) as error:
            _translate(error)
        return answer["UploadId"]

    def put_part(self, key: str, multipart_id: str, number: int, body: BinaryIO, *, size: int, sha256: str) -> str:
        try:
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=key,
                UploadId=multipart_id,
                PartNumber=number,
                Body=body,
                ContentLength=size,
                ChecksumSHA256=_base64(sha256),
            )
        except (ClientError, BotoCoreError) as error:
            _translate(error)
        return answer["ETag"]

    def assemble(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=multipart_id,
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": part.number, "ETag": part.etag, "ChecksumSHA256": _base64(part.sha256)}
                        for part in parts
                    ],
                },
            )
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def abandon(self, key: str, multipart_id: str) -> None:
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=multipart_id)
        except self._client.exceptions.NoSuchUpload:
            return
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def parts(self, key: str, multipart_id: str) -> Iterator[StoredPart]:
        pages = self._client.get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=multipart_id)
        try:
            for page in pages:
                for part in page.get("Parts", []):
                    yield StoredPart(number=part["PartNumber"], etag=part["ETag"], size=part["Size"])
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def open_multiparts(self) -> Iterator[OpenMultipart]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket)
        try:
            for page in pages:
                for item in page.get("Uploads", []):
                    yield OpenMultipart(item["Key"], item["UploadId"], item["Initiated"])
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def put_empty(self, key: str) -> None:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=b"")
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def size(self, key: str) -> int:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def read(self, key: str, *, start: int, length: int) -> Generator[bytes]:
        done = failures = 0
        while done < length:
            try:
                for block in self._blocks(key, start + done, start + length - 1):
                    done += len(block)
                    yield block
                if done < length:
                    raise NoSuchObject(f"{key} ends after {start + done} of {start + length} bytes")
            except StoreUnavailable:
                failures += 1
                if failures >= READ_TRIES:
                    raise
                logger.warning("Reading %s broke off after %d bytes; taking it up again.", key, done)

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            _translate(error)

    def _blocks(self, key: str, first: int, last: int) -> Iterator[bytes]:
        try:
            body = self._reader.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={first}-{last}")["Body"]
            try:
                while block := body.read(BLOCK):
                    yield block
            finally:
                body.close()
        except (ClientError, BotoCoreError) as error:
            _translate(error)


_MEANINGS: dict[str, type[StoreError]] = {
    "NoSuchUpload": NoSuchMultipart,
    "InvalidPart": PartsDiffer,
    "InvalidPartOrder": PartsDiffer,
    "EntityTooSmall": PartsDiffer,
    "BadDigest": DigestRefused,
    "InvalidDigest": DigestRefused,
    "XAmzContentChecksumMismatch": DigestRefused,
    "XAmzContentSHA256Mismatch": DigestRefused,
    "NoSuchKey": NoSuchObject,
    "404": NoSuchObject,
    "InvalidRange": NoSuchObject,
    "416": NoSuchObject,
    # A store that is set up wrongly: the operator's to mend, not a reason to give a file up.
    "AccessDenied": StoreUnavailable,
    "InvalidAccessKeyId": StoreUnavailable,
    "SignatureDoesNotMatch": StoreUnavailable,
    "RequestTimeTooSkewed": StoreUnavailable,
    "NoSuchBucket": StoreUnavailable,
}
_LATER = frozenset({408, 425, 429})


def _translate(error: ClientError | BotoCoreError) -> NoReturn:
    """Raise what ``error`` means here. What the store cannot do now is unavailable; a refusal for good is ``StoreError``."""
    if isinstance(error, BotoCoreError):
        raise StoreUnavailable(str(error)) from error
    status = _status(error)
    meaning = _MEANINGS.get(error.response.get("Error", {}).get("Code", ""), StoreError)
    if meaning is StoreError and (status >= 500 or status in _LATER):
        meaning = StoreUnavailable
    raise meaning(str(error)) from error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
