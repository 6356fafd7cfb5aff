"""The object store over the S3 protocol. Nothing else in the house speaks it."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from django.utils import timezone

from transfers.storage import s3_buckets
from transfers.storage.errors import DigestRefused, NoSuchMultipart, PartsDiffer, StoreUnavailable
from transfers.storage.keeping import Keeping
from transfers.storage.port import BucketRules, Facts, Finding, Kept, OpenMultipart, Presigned, StoredPart
from transfers.storage.s3_errors import Translated
from transfers.storage.s3_lines import Lines
from transfers.storage.s3_reading import Place, S3Reading

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

logger = logging.getLogger(__name__)

EMPTY = hashlib.sha256().hexdigest()
CHECKSUM_HEADER = "x-amz-checksum-sha256"


class Clients(Protocol):
    """``reader`` gives up sooner, and leaves trying again to who reads; ``signer`` signs for the public address.

    ``lines`` lead to the store with less around each request; ``None`` where boto3 alone finds the way.
    """

    @property
    def writer(self) -> S3Client: ...

    @property
    def reader(self) -> S3Client: ...

    @property
    def lines(self) -> Lines | None: ...

    @property
    def signer(self) -> S3Client: ...


class S3Store:
    """``ObjectStore`` over S3. ``prepare`` is called before anything is put into the bucket."""

    def __init__(
        self, clients: Clients, *, bucket: str, keeping: Keeping, prepare: Callable[[S3Store], None] | None = None
    ) -> None:
        self._clients = clients
        self._keeping = keeping
        self._prepare = prepare
        self.bucket = bucket

    # --- The bucket -----------------------------------------------------------------------------------------------

    def ensure_bucket(self) -> bool:
        with Translated():
            return s3_buckets.ensure(self._client, self.bucket, locks_objects=bool(self._keeping.lock_mode))

    def configure(self, rules: BucketRules, *, only_look: bool = False) -> Sequence[Finding]:
        with Translated():
            return s3_buckets.configure(self._client, self.bucket, rules, only_look=only_look)

    # --- Parts ----------------------------------------------------------------------------------------------------

    def begin(self, key: str) -> str:
        self._make_ready()
        with Translated():
            answer = self._client.create_multipart_upload(
                Bucket=self.bucket, Key=key, ChecksumAlgorithm="SHA256", **self._keeping.lasting
            )
            return answer["UploadId"]

    def put_part(self, key: str, multipart_id: str, number: int, body: BinaryIO, *, size: int, sha256: str) -> str:
        with Translated():
            answer = self._client.upload_part(
                Bucket=self.bucket,
                Key=key,
                UploadId=multipart_id,
                PartNumber=number,
                Body=body,
                ContentLength=size,
                ChecksumSHA256=_base64(sha256),
            )
            if not answer["ETag"]:
                raise StoreUnavailable(f"the store took part {number} of {key} without telling an ETag")
            return answer["ETag"]

    def presign_part(
        self, key: str, multipart_id: str, number: int, *, size: int, sha256: str, lifetime: timedelta
    ) -> Presigned:
        parameters = {
            "UploadId": multipart_id,
            "PartNumber": number,
            "ContentLength": size,
            "ChecksumSHA256": _base64(sha256),
        }
        return self._presigned("upload_part", key, parameters, lifetime, headers={CHECKSUM_HEADER: _base64(sha256)})

    def assemble(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        listed: list[CompletedPartTypeDef] = [
            {"PartNumber": part.number, "ETag": part.etag, "ChecksumSHA256": _base64(part.sha256)} for part in parts
        ]
        try:
            with Translated():
                self._client.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=multipart_id, MultipartUpload={"Parts": listed}
                )
        except DigestRefused as error:
            # Here it is the list that is refused: a part has another SHA-256 at the store.
            raise PartsDiffer(str(error)) from error

    def abandon(self, key: str, multipart_id: str) -> None:
        try:
            with Translated():
                self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=multipart_id)
        except NoSuchMultipart:
            return

    def parts(self, key: str, multipart_id: str) -> Iterator[StoredPart]:
        pages = self._client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=multipart_id)
        with Translated():
            for page in pages:
                for part in page.get("Parts", []):
                    sha256 = _hexadecimal(part.get("ChecksumSHA256", ""))
                    yield StoredPart(part["PartNumber"], part["ETag"], part["Size"], sha256)

    def open_multiparts(self) -> Iterator[OpenMultipart]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket)
        with Translated():
            for page in pages:
                for item in page.get("Uploads", []):
                    yield OpenMultipart(item["Key"], item["UploadId"], item["Initiated"])

    # --- Whole objects --------------------------------------------------------------------------------------------

    def put_empty(self, key: str) -> None:
        # A store that keeps an object under retention wants to know its digest, also of one without bytes.
        self._put(key, b"", EMPTY, self._keeping.lasting)

    def put_aside(self, key: str, body: BinaryIO, *, size: int, sha256: str) -> None:
        self._put(key, body, sha256, {"ContentLength": size, **self._keeping.encrypted})

    def objects(self, prefix: str) -> Iterator[Kept]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        with Translated():
            for page in pages:
                for item in page.get("Contents", []):
                    yield Kept(item["Key"], item["LastModified"])

    def head(self, key: str) -> Facts:
        with Translated():
            answer = self._client.head_object(Bucket=self.bucket, Key=key)
            return Facts(
                size=answer["ContentLength"],
                etag=answer["ETag"],
                modified_at=answer["LastModified"],
                encryption=answer.get("ServerSideEncryption", ""),
                encryption_key=answer.get("SSEKMSKeyId", ""),
                lock_mode=answer.get("ObjectLockMode", ""),
                locked_until=answer.get("ObjectLockRetainUntilDate"),
            )

    def size(self, key: str) -> int:
        return self.head(key).size

    def read(self, key: str, *, start: int, length: int) -> Generator[bytes]:
        return self._reading(key, start, length).blocks()

    def ask(self, key: str, *, start: int, length: int) -> S3Reading:
        reading = self._reading(key, start, length)
        reading.begin()
        return reading

    def presign_get(self, key: str, *, lifetime: timedelta, disposition: str = "", for_us: bool = False) -> Presigned:
        said = {"ResponseContentDisposition": disposition} if disposition else {}
        wanted = {"ResponseContentType": "application/octet-stream", **said}
        return self._presigned("get_object", key, wanted, lifetime, signer=self._client if for_us else None)

    def delete(self, key: str) -> None:
        with Translated():
            self._client.delete_object(Bucket=self.bucket, Key=key)

    # --- Within ---------------------------------------------------------------------------------------------------

    @property
    def _client(self) -> S3Client:
        return self._clients.writer

    def _reader(self) -> S3Client:
        return self._clients.reader

    def _make_ready(self) -> None:
        if self._prepare is not None:
            self._prepare(self)

    def _put(self, key: str, body: BinaryIO | bytes, sha256: str, more: dict[str, Any]) -> None:
        self._make_ready()
        with Translated():
            self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ChecksumSHA256=_base64(sha256), **more)

    def _presigned(
        self,
        call: str,
        key: str,
        parameters: dict[str, Any],
        lifetime: timedelta,
        *,
        headers: dict[str, str] | None = None,
        signer: S3Client | None = None,
    ) -> Presigned:
        expires_at = timezone.now() + lifetime
        with Translated():
            url = (signer or self._clients.signer).generate_presigned_url(
                call,
                Params={"Bucket": self.bucket, "Key": key, **parameters},
                ExpiresIn=int(lifetime.total_seconds()),
            )
        return Presigned(url, expires_at, headers or {})

    def _reading(self, key: str, start: int, length: int) -> S3Reading:
        return S3Reading(Place(self.bucket, key, start, length), lines=self._clients.lines, reader=self._reader)


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def _hexadecimal(encoded: str) -> str:
    return base64.b64decode(encoded).hex() if encoded else ""
