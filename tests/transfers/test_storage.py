"""The S3 adapter beyond its contract: what it says to the store, and what it makes of a store on a bad day."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from mag_portal.local import object_store
from tests.transfers import faulty_store
from tests.transfers.faulty_store import FaultyStore
from tests.transfers.sending import random_bytes, sha256
from transfers.storage import (
    BucketRules,
    NoSuchObject,
    StoredPart,
    StoreError,
    StoreUnavailable,
    forget_clients,
    s3_clients,
    store,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT = random_bytes(3 * 1024**2)


@pytest.fixture
def key() -> str:
    return f"adapter/{uuid4()}"


@pytest.fixture
def raw(settings: LazySettings) -> S3Client:
    return object_store.ObjectStore(
        endpoint=settings.S3_ENDPOINT_URL,
        access_key=settings.S3_ACCESS_KEY_ID,
        secret_key=settings.S3_SECRET_ACCESS_KEY,
    ).client()


@pytest.fixture
def own_bucket(settings: LazySettings) -> str:
    name = f"mag-{uuid4().hex[:12]}"
    settings.S3_BUCKET = name
    return name


def keep(key: str) -> None:
    """An object of one part, the whole way, and an empty one."""
    multipart_id = store().begin(key)
    digest = sha256(b"hello")
    etag = store().put_part(key, multipart_id, 1, io.BytesIO(b"hello"), size=5, sha256=digest)
    store().assemble(key, multipart_id, [StoredPart(1, etag, 5, digest)])
    store().put_empty(f"{key}-empty")
    store().put_aside(f"{key}-aside", io.BytesIO(b"hello"), size=5, sha256=digest)


# --- A store that does not answer -------------------------------------------------------------------------------------


def test_a_store_that_does_not_answer_is_unavailable(settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    try:
        with pytest.raises(StoreUnavailable):
            store().size("anything")
    finally:
        forget_clients()


def test_a_store_that_is_silent_is_given_up_before_those_who_wait_do(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_clients, "READ_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        forget_clients()
        begun = time.monotonic()
        try:
            with pytest.raises(StoreUnavailable):
                next(store().read("anything", start=0, length=1))
        finally:
            forget_clients()
    assert time.monotonic() - begun < 10


REFUSALS = [
    *((fault, StoreUnavailable) for fault in (*faulty_store.FULL, faulty_store.SLOW_DOWN)),
    (faulty_store.Refuse(429, "TooManyRequests"), StoreUnavailable),
    (faulty_store.Refuse(403, "AccessDenied"), StoreUnavailable),
    (faulty_store.CutRequest(), StoreUnavailable),
    (faulty_store.CutAnswer(after=20), StoreUnavailable),
    (faulty_store.Refuse(400, "InvalidRequest"), StoreError),
]


@pytest.mark.parametrize(("fault", "meaning"), REFUSALS, ids=lambda value: getattr(value, "code", None))
def test_what_a_store_cannot_do_now_is_told_from_what_it_never_will(
    faulty: FaultyStore, key: str, fault: faulty_store.Fault, meaning: type[StoreError]
) -> None:
    multipart_id = store().begin(key)
    faulty.plan(fault)
    with pytest.raises(StoreError) as refusal:
        list(store().parts(key, multipart_id))
    assert type(refusal.value) is meaning


def test_a_part_whose_etag_the_store_does_not_tell_is_not_taken_for_stored(faulty: FaultyStore, key: str) -> None:
    multipart_id = store().begin(key)
    faulty.plan(faulty_store.LieAboutETag(""), on=faulty_store.putting_parts)
    with pytest.raises(StoreUnavailable):
        store().put_part(key, multipart_id, 1, io.BytesIO(b"hello"), size=5, sha256=sha256(b"hello"))


# --- Reading ----------------------------------------------------------------------------------------------------------


def test_reading_goes_on_where_the_connection_broke(faulty: FaultyStore, key: str) -> None:
    store().put_aside(key, io.BytesIO(CONTENT), size=len(CONTENT), sha256=sha256(CONTENT))
    faulty.plan(faulty_store.CutAnswer(after=1024**2 + 5), on=faulty_store.reading, times=2)
    assert b"".join(store().read(key, start=0, length=len(CONTENT))) == CONTENT
    ranges = [asked.headers["range"] for asked in faulty.asked if faulty_store.reading(asked)]
    assert len(ranges) == 3
    assert len(set(ranges)) == 3


def test_a_connection_that_always_breaks_is_given_up(faulty: FaultyStore, key: str) -> None:
    store().put_aside(key, io.BytesIO(CONTENT), size=len(CONTENT), sha256=sha256(CONTENT))
    faulty.plan(faulty_store.CutAnswer(), on=faulty_store.reading)
    with pytest.raises(StoreUnavailable):
        list(store().read(key, start=0, length=len(CONTENT)))


def test_a_reader_who_gets_on_between_breaks_gets_to_the_end(faulty: FaultyStore, key: str) -> None:
    """A store ends connections that a slow reader leaves standing, as often as it likes."""
    content = 3 * CONTENT
    store().put_aside(key, io.BytesIO(content), size=len(content), sha256=sha256(content))
    faulty.plan(faulty_store.CutAnswer(after=1024**2 + 5), on=faulty_store.reading)
    assert b"".join(store().read(key, start=0, length=len(content))) == content


def test_what_was_asked_for_ahead_and_is_no_longer_there_is_asked_for_again(faulty: FaultyStore, key: str) -> None:
    store().put_aside(key, io.BytesIO(CONTENT), size=len(CONTENT), sha256=sha256(CONTENT))
    faulty.plan(faulty_store.CutAnswer(), on=faulty_store.reading, times=1)
    asked = store().ask(key, start=5, length=len(CONTENT) - 5)
    assert b"".join(asked.blocks()) == CONTENT[5:]


def test_a_connection_that_the_store_has_ended_meanwhile_is_not_used_again(
    faulty: FaultyStore, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    store().put_aside(key, io.BytesIO(b"hello"), size=5, sha256=sha256(b"hello"))
    faulty.plan(faulty_store.CutAnswer(after=5), on=faulty_store.reading, times=1)
    for _ in range(3):
        assert b"".join(store().read(key, start=0, length=5)) == b"hello"
        time.sleep(0.1)
    assert "taken up again" not in caplog.text


def test_a_proxy_of_the_environment_is_respected(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store().put_aside(key, io.BytesIO(b"hello"), size=5, sha256=sha256(b"hello"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    forget_clients()
    try:
        with pytest.raises(StoreUnavailable, match="proxy"):
            list(store().ask(key, start=0, length=5).blocks())
    finally:
        monkeypatch.undo()
        forget_clients()


def test_an_object_that_became_shorter_is_told_so(key: str) -> None:
    store().put_aside(key, io.BytesIO(b"hello"), size=5, sha256=sha256(b"hello"))
    with pytest.raises(NoSuchObject):
        list(store().read(key, start=0, length=6))


# --- Encryption and retention -----------------------------------------------------------------------------------------


def said(faulty: FaultyStore, name: str) -> dict[str, str]:
    """What was sent under this header, by what was asked."""
    calls: dict[str, Callable[[faulty_store.Asked], bool]] = {
        "begin": faulty_store.beginning,
        "part": faulty_store.putting_parts,
        "complete": faulty_store.completing,
        "empty": lambda asked: asked.method == "PUT" and asked.path.endswith("-empty"),
        "aside": lambda asked: asked.method == "PUT" and asked.path.endswith("-aside"),
    }
    return {
        call: asked.headers[name]
        for asked in faulty.asked
        for call, fits in calls.items()
        if fits(asked) and name in asked.headers
    }


def test_encryption_at_the_store_is_asked_for_with_every_object(
    faulty: FaultyStore, settings: LazySettings, key: str
) -> None:
    settings.S3_SSE = "AES256"
    keep(key)
    assert said(faulty, "x-amz-server-side-encryption") == dict.fromkeys(("begin", "empty", "aside"), "AES256")
    assert {store().head(name).encryption for name in (key, f"{key}-empty", f"{key}-aside")} == {"AES256"}
    assert b"".join(store().read(key, start=1, length=3)) == b"ell"


def test_the_key_of_the_operator_is_named(faulty: FaultyStore, settings: LazySettings, key: str) -> None:
    settings.S3_SSE, settings.S3_SSE_KMS_KEY_ID = "aws:kms", "arn:aws:kms:eu-central-1:111122223333:key/ours"
    faulty.plan(faulty_store.Refuse(400, "KMS.NotFoundException"))
    for call in (lambda: store().begin(key), lambda: store().put_empty(f"{key}-empty")):
        with pytest.raises(StoreError):
            call()
    assert said(faulty, "x-amz-server-side-encryption") == {"begin": "aws:kms", "empty": "aws:kms"}
    named = said(faulty, "x-amz-server-side-encryption-aws-kms-key-id")
    assert named == dict.fromkeys(("begin", "empty"), settings.S3_SSE_KMS_KEY_ID)


def test_nothing_is_asked_for_where_nothing_is_set(faulty: FaultyStore, key: str) -> None:
    keep(key)
    assert said(faulty, "x-amz-server-side-encryption") == said(faulty, "x-amz-object-lock-mode") == {}
    assert said(faulty, "x-amz-checksum-sha256").keys() == {"part", "empty", "aside"}


def test_files_are_put_under_retention_and_passing_bytes_are_not(
    faulty: FaultyStore, settings: LazySettings, key: str, own_bucket: str, raw: S3Client
) -> None:
    settings.S3_OBJECT_LOCK_MODE, settings.S3_OBJECT_LOCK_DAYS = "GOVERNANCE", 2
    assert store().ensure_bucket()
    keep(key)
    assert said(faulty, "x-amz-object-lock-mode") == {"begin": "GOVERNANCE", "empty": "GOVERNANCE"}
    facts = store().head(key)
    assert facts.lock_mode == "GOVERNANCE"
    assert facts.locked_until is not None
    assert abs(facts.locked_until - timezone.now() - timedelta(days=2)) < timedelta(minutes=1)
    assert store().head(f"{key}-aside").lock_mode == ""
    version = raw.head_object(Bucket=own_bucket, Key=key)["VersionId"]
    store().delete(key)
    with pytest.raises(NoSuchObject):
        store().size(key)
    with pytest.raises(ClientError, match="AccessDenied"):
        raw.delete_object(Bucket=own_bucket, Key=key, VersionId=version)


# --- The bucket -------------------------------------------------------------------------------------------------------


def output_of(command: str, *arguments: str) -> list[str]:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_bucket_is_made_once(own_bucket: str) -> None:
    assert output_of("ensure_bucket") == [f"Bucket {own_bucket} was made."]
    assert output_of("ensure_bucket") == [f"Bucket {own_bucket} is there."]


@pytest.mark.django_db
def test_the_rules_of_the_bucket_are_looked_at_set_and_found(own_bucket: str, settings: LazySettings) -> None:
    settings.S3_PUBLIC_ENDPOINT_URL = "https://files.gateway.example"
    store().ensure_bucket()
    with pytest.raises(CommandError, match="2 rule"):
        output_of("configure_bucket", "--check")
    assert [line.endswith(": was set.") for line in output_of("configure_bucket")] == [True, True]
    assert [line.endswith(": is as wanted.") for line in output_of("configure_bucket")] == [True, True]
    assert len(output_of("configure_bucket", "--check")) == 2


def test_the_rules_of_others_stay(own_bucket: str, raw: S3Client) -> None:
    store().ensure_bucket()
    raw.put_bucket_lifecycle_configuration(
        Bucket=own_bucket,
        LifecycleConfiguration={
            "Rules": [
                {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}},
            ],
        },
    )
    raw.put_bucket_cors(
        Bucket=own_bucket,
        CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://theirs.example"]}]},
    )
    for days in (9, 10):
        store().configure(BucketRules(abandon_after_days=days, origins=("https://gateway.example",)))
    rules = {rule["ID"]: rule for rule in raw.get_bucket_lifecycle_configuration(Bucket=own_bucket)["Rules"]}
    assert rules.keys() == {"theirs", "gateway-abandon-unfinished"}
    ours = rules["gateway-abandon-unfinished"]
    assert ours["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 10}
    assert not {"Expiration", "NoncurrentVersionExpiration", "Transitions"} & ours.keys()
    origins = [rule["AllowedOrigins"] for rule in raw.get_bucket_cors(Bucket=own_bucket)["CORSRules"]]
    assert origins == [["https://theirs.example"], ["https://gateway.example"]]


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["NotImplemented", "MethodNotAllowed"])
def test_what_the_store_does_not_support_is_told(faulty: FaultyStore, own_bucket: str, code: str) -> None:
    faulty.plan(faulty_store.Refuse(501, code), on=lambda asked: "lifecycle" in asked.query)
    assert [line.endswith(": is not supported by this store.") for line in output_of("configure_bucket")] == [True]


@pytest.mark.django_db
def test_a_bucket_made_before_retention_was_wanted_is_pointed_out(own_bucket: str, settings: LazySettings) -> None:
    store().ensure_bucket()
    settings.S3_OBJECT_LOCK_MODE, settings.S3_OBJECT_LOCK_DAYS = "COMPLIANCE", 1
    with pytest.raises(CommandError, match="1 rule"):
        output_of("configure_bucket")


@pytest.mark.django_db
def test_a_store_that_refuses_is_named(settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    try:
        for command in ("ensure_bucket", "configure_bucket"):
            with pytest.raises(CommandError, match=r"127\.0\.0\.1:9"):
                output_of(command)
    finally:
        forget_clients()


def test_a_bucket_besides_the_first_is_made_with_its_rules_when_something_is_put_there(
    settings: LazySettings, key: str, raw: S3Client
) -> None:
    settings.S3_PUBLIC_ENDPOINT_URL = "https://files.gateway.example"
    name = f"mag-{uuid4().hex[:12]}"
    with pytest.raises(ClientError, match="404"):
        raw.head_bucket(Bucket=name)
    store(name).begin(key)
    assert raw.get_bucket_cors(Bucket=name)["CORSRules"][0]["AllowedMethods"] == ["PUT"]
    assert raw.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
