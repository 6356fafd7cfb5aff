"""Buckets over S3: made where they are missing, and brought to the rules that the gateway needs of them.

A lifecycle or CORS configuration is written whole, so what others have put there is read first and written back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from transfers.storage.port import BucketRules, Finding, Standing
from transfers.storage.s3_errors import code_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIFECYCLE_ID = "gateway-abandon-unfinished"
CORS_ID = "gateway-direct-door"
# What the pages of the gateway send to a presigned address besides the bytes.
CORS_HEADERS = ["content-type", "x-amz-checksum-sha256"]
CORS_SECONDS = 3600

_NOT_SET = frozenset(
    {"NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration", "ObjectLockConfigurationNotFoundError"}
)
_NOT_KNOWN = frozenset({"NotImplemented", "MethodNotAllowed", "MalformedXML", "UnsupportedOperation"})


class _Unsupported(Exception):
    pass


def ensure(client: S3Client, bucket: str, *, locks_objects: bool) -> bool:
    """Make the bucket where it is missing, with object lock if wanted, which no store adds later; True when it was."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if status_of(error) != 404:
            raise
    else:
        return False
    try:
        client.create_bucket(Bucket=bucket, **_wishes(client.meta.region_name, locks_objects=locks_objects))
    except client.exceptions.BucketAlreadyOwnedByYou:
        return False
    return True


def _wishes(region: str, *, locks_objects: bool) -> dict[str, Any]:
    """AWS makes a bucket elsewhere than in its first region only when that one is named, and there only when it is not."""
    lock = {"ObjectLockEnabledForBucket": True} if locks_objects else {}
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    return {**lock, **place}


def configure(client: S3Client, bucket: str, rules: BucketRules, *, only_look: bool) -> Sequence[Finding]:
    """How each rule stands at the bucket, after setting those that differ (unless ``only_look``)."""
    findings = [
        Finding(
            f"Parts that never became a file go after {rules.abandon_after_days} days",
            _brought(_Lifecycle(client, bucket, rules), only_look=only_look),
        )
    ]
    if rules.origins:
        who = ", ".join(rules.origins)
        findings.append(
            Finding(f"Browsers may send parts from {who}", _brought(_Cors(client, bucket, rules), only_look=only_look))
        )
    if rules.locks_objects:
        findings.append(Finding("Files can be put under retention", _lock_standing(client, bucket)))
    return findings


class _Lifecycle:
    def __init__(self, client: S3Client, bucket: str, rules: BucketRules) -> None:
        self._client, self._bucket = client, bucket
        self.wanted = {
            "ID": LIFECYCLE_ID,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": rules.abandon_after_days},
        }

    def read(self) -> list[Any]:
        return list(self._client.get_bucket_lifecycle_configuration(Bucket=self._bucket).get("Rules", []))

    def write(self, rules: list[Any]) -> None:
        self._client.put_bucket_lifecycle_configuration(Bucket=self._bucket, LifecycleConfiguration={"Rules": rules})

    def is_ours(self, rule: Any) -> bool:
        return bool(rule.get("ID") == LIFECYCLE_ID)

    def is_wanted(self, rule: Any) -> bool:
        days = "AbortIncompleteMultipartUpload"
        return bool(rule["Status"] == "Enabled" and rule.get(days) == self.wanted[days] and "Expiration" not in rule)


class _Cors:
    def __init__(self, client: S3Client, bucket: str, rules: BucketRules) -> None:
        self._client, self._bucket = client, bucket
        self.wanted = {
            "ID": CORS_ID,
            "AllowedOrigins": list(rules.origins),
            "AllowedMethods": ["PUT"],
            "AllowedHeaders": CORS_HEADERS,
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": CORS_SECONDS,
        }

    def read(self) -> list[Any]:
        return list(self._client.get_bucket_cors(Bucket=self._bucket).get("CORSRules", []))

    def write(self, rules: list[Any]) -> None:
        self._client.put_bucket_cors(Bucket=self._bucket, CORSConfiguration={"CORSRules": rules})

    def is_ours(self, rule: Any) -> bool:
        # Some stores do not keep the ID; what lets parts in carries our header.
        return bool(rule.get("ID") == CORS_ID or rule.get("AllowedHeaders") == CORS_HEADERS)

    def is_wanted(self, rule: Any) -> bool:
        return all(rule.get(name) == value for name, value in self.wanted.items() if name != "ID")


def _brought(rule: _Lifecycle | _Cors, *, only_look: bool) -> Standing:
    try:
        found = _asked(rule.read) or []
        ours = [each for each in found if rule.is_ours(each)]
        if len(ours) == 1 and rule.is_wanted(ours[0]):
            return Standing.AS_WANTED
        if only_look:
            return Standing.DIFFERS
        others = [each for each in found if not rule.is_ours(each)]
        _asked(lambda: rule.write([*others, rule.wanted]))
    except _Unsupported:
        return Standing.UNSUPPORTED
    return Standing.CHANGED


def _lock_standing(client: S3Client, bucket: str) -> Standing:
    try:
        answer = _asked(lambda: client.get_object_lock_configuration(Bucket=bucket))
    except _Unsupported:
        return Standing.UNSUPPORTED
    enabled = answer and answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
    return Standing.AS_WANTED if enabled else Standing.DIFFERS


def _asked(call: Callable[[], Any]) -> Any:
    """The answer, ``None`` where nothing was ever set."""
    try:
        return call()
    except ClientError as error:
        if code_of(error) in _NOT_SET:
            return None
        if code_of(error) in _NOT_KNOWN or status_of(error) in {405, 501}:
            raise _Unsupported from error
        raise
