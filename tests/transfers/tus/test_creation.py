"""tus 1.0.0, the extensions that create: creation, creation-defer-length, creation-with-upload."""

from __future__ import annotations

import base64
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings

from sft.models import PackageFile
from tests.sft import world as worlds
from tests.transfers.conftest import MIB, PART
from tests.transfers.sending import content_in_store, random_bytes
from tests.transfers.tus.conftest import LARGEST, Gateway
from tests.transfers.tus.speaking import BYTES, TUS, Speaker, checksum, encoded, upload_at, work_off
from transfers.models import Node, TusResource, Upload, UploadState
from transfers.services.tus import creating
from transfers.services.uploads import part_size_for

CONTENT = random_bytes(2 * PART + 12_345)
SMALL = b"twelve bytes"
SMUGGLED = "a\r\nSet-Cookie: b=c"


def resources() -> int:
    return TusResource.objects.count()


def test_r1_a_new_upload_has_an_address_of_its_own(tus: Speaker) -> None:
    answer = tus.ask("POST", Upload_Length=3)
    assert (answer.status, answer.body) == (201, b"")
    assert answer.location.startswith(TUS)
    assert tus.head(answer.location).status == 200


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Upload_Length": 3, "Upload_Defer_Length": 1},
        *({"Upload_Length": length} for length in ("-1", "+1", "1.5", "1e3", "", "abc", 2**63, "9" * 30)),
    ],
)
def test_r2_a_length_is_told_or_put_off(tus: Speaker, said: dict[str, Any]) -> None:
    before = resources()
    assert (tus.ask("POST", **said).status, resources()) == (400, before)


def test_r3_what_is_too_large_is_not_begun(tus: Speaker) -> None:
    before = resources()
    answer = tus.ask("POST", Upload_Length=LARGEST + 1)
    assert (answer.status, answer.code, resources()) == (413, "too_large", before)
    assert tus.ask("POST", Upload_Length=LARGEST).status == 201


def test_r3_whom_the_policy_turns_away_begins_nothing(tus: Speaker) -> None:
    before = resources()
    answer = tus.ask("POST", Upload_Length=3, Upload_Metadata=f"subject {encoded(str(uuid4()))}")
    assert (answer.status, answer.code, resources()) == (403, "not_allowed", before)


def test_r4_an_empty_file_is_complete_at_once(tus: Speaker) -> None:
    path = tus.create(0)
    assert (tus.head(path).offset, tus.head(path).headers["Upload-Expires"]) == (0, None)
    assert tus.patch(path, 0).status == 204
    upload = work_off(upload_at(path))
    assert (upload.state, upload.size, content_in_store(upload)) == (UploadState.STORED, 0, b"")


@pytest.mark.parametrize(
    "said",
    [
        "name not-base64!",
        "name YQ",
        "name YQ==,name Yg==",
        " YQ==, ,",
        ",",
        "name  YQ==",
        f"name {base64.b64encode(bytes([0xFF, 0xFE])).decode()}",
        f"name {encoded('a/b')}",
        f"name {encoded('a' * 256)}",
        f"name {encoded('a' + chr(0) + 'b')}",
        f"subject {encoded('no uuid')}",
        "näme YQ==",
    ],
)
def test_r5_metadata_that_is_none_is_refused(tus: Speaker, said: str) -> None:
    before = resources()
    answer = tus.ask("POST", Upload_Length=3, Upload_Metadata=said.encode("latin-1").decode("latin-1"))
    assert (answer.status, resources()) == (400, before)


def test_r5_metadata_may_be_empty_large_and_in_any_script(tus: Speaker) -> None:
    assert upload_at(tus.create(3, Upload_Metadata="")).name == "file"
    said = f"filename {encoded('図面 №1 – Ö.step')},remark {encoded('x' * 4096)},odd {encoded(SMUGGLED)}"
    path = tus.create(3, Upload_Metadata=said)
    answer = tus.head(path)
    assert (answer.headers["Upload-Metadata"], answer.headers["Set-Cookie"]) == (said, None)
    assert upload_at(path).name == "図面 №1 – Ö.step"


@pytest.mark.parametrize(
    ("said", "name", "path"),
    [
        ({"name": "a.txt"}, "a.txt", ""),
        ({"filename": "a.txt", "name": "b.txt", "path": "x/y"}, "a.txt", "x/y"),
        ({"name": "a.txt", "relativePath": "x/y/a.txt"}, "a.txt", "x/y"),
        ({"relativePath": "x/y/a.txt"}, "a.txt", "x/y"),
        ({"name": "a.txt", "relativePath": "null", "type": "null"}, "a.txt", ""),
        ({"name": "a.txt", "path": "../../etc//./x"}, "a.txt", "etc/x"),
    ],
)
def test_r5_what_clients_call_a_file_and_its_folders(tus: Speaker, said: dict[str, str], name: str, path: str) -> None:
    header = ",".join(f"{key} {encoded(value)}" for key, value in said.items())
    upload = upload_at(tus.create(3, Upload_Metadata=header))
    assert (upload.name, upload.path) == (name, path)


def test_r5_a_file_can_be_for_a_package(tus: Speaker, gateway: Gateway) -> None:
    package = worlds.draft(gateway.world)
    said = f"filename {encoded('spar.step')},subject {encoded(str(package.pk))},lastModified {encoded('1700000000000')}"
    upload = upload_at(tus.create(3, Upload_Metadata=said))
    assert (upload.subject, upload.last_modified) == (package.pk, 1_700_000_000_000)
    assert PackageFile.objects.get(package=package).upload_id == upload.pk


def test_r6_each_post_makes_an_upload_of_its_own(tus: Speaker) -> None:
    assert tus.create(3) != tus.create(3)


def test_r6_one_idempotency_key_makes_one_upload(tus: Speaker, stranger: Speaker) -> None:
    key = uuid4().hex
    path = tus.create(3, Idempotency_Key=key)
    assert tus.create(3, Idempotency_Key=key) == path
    assert stranger.create(3, Idempotency_Key=key) != path
    answer = tus.ask("POST", Upload_Length=4, Idempotency_Key=key)
    assert (answer.status, answer.code) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("said", ["0", "2", "true", "", "1.0"])
def test_d1_only_1_puts_the_length_off(tus: Speaker, said: str) -> None:
    assert tus.ask("POST", Upload_Defer_Length=said).status == 400


def test_d2_it_is_advertised(tus: Speaker) -> None:
    assert "creation-defer-length" in tus.ask("OPTIONS").headers["Tus-Extension"].split(",")


def test_d3_the_length_is_told_once(tus: Speaker) -> None:
    path = tus.create(None)
    assert tus.patch(path, 0, b"abc", Upload_Length=12).status == 204
    assert tus.head(path).headers["Upload-Length"] == "12"
    assert tus.patch(path, 3, b"def", Upload_Length=13).status == 400
    assert tus.patch(path, 3, b"def", Upload_Length=12).status == 204
    known = tus.create(12)
    assert tus.patch(known, 0, b"abc", Upload_Length=12).status == 400
    assert tus.head(known).offset == 0


def test_d4_a_length_that_cannot_be_is_refused(tus: Speaker) -> None:
    path = tus.create(None)
    tus.patch(path, 0, SMALL)
    assert tus.patch(path, len(SMALL), Upload_Length=len(SMALL) - 1).status == 400
    assert tus.patch(path, len(SMALL), Upload_Length=LARGEST + 1).status == 413
    assert tus.patch(path, len(SMALL), b"abc", Upload_Length=len(SMALL) + 2).status == 413
    answer = tus.head(path)
    assert (answer.offset, answer.headers["Upload-Defer-Length"]) == (len(SMALL), "1")


def test_d4_a_length_without_bytes_finishes_the_file(tus: Speaker) -> None:
    path = tus.create(None)
    assert tus.patch(path, 0, CONTENT).status == 204
    assert upload_at(path).state == UploadState.RECEIVING
    assert tus.patch(path, len(CONTENT), Upload_Length=len(CONTENT)).status == 204
    upload = work_off(upload_at(path))
    assert (upload.state, content_in_store(upload)) == (UploadState.STORED, CONTENT)


def test_d4_an_empty_file_of_unknown_length(tus: Speaker) -> None:
    path = tus.create(None)
    assert tus.patch(path, 0, Upload_Length=0).status == 204
    assert work_off(upload_at(path)).state == UploadState.STORED


def test_d5_parts_of_unknown_files_are_neither_many_nor_huge(tus: Speaker, settings: LazySettings) -> None:
    """With production's sizes: 64 MiB parts, and a bound that is told once it is passed."""
    settings.UPLOAD_MAX_BYTES, settings.UPLOAD_PART_BYTES = 5 * 1024**4, 16 * MIB
    assert part_size_for(creating.most_of_deferred()) == 64 * MIB
    assert creating.most_of_deferred() == 9000 * 64 * MIB


def test_d5_a_file_of_unknown_length_has_a_bound(tus: Speaker) -> None:
    path = tus.create(None)
    assert tus.patch(path, 0, iter([b"x"]), Content_Length=LARGEST + 1).status == 413
    assert tus.head(path).offset == 0


def test_w1_the_first_bytes_may_come_with_the_creation(tus: Speaker) -> None:
    answer = tus.ask("POST", body=CONTENT[: PART + 7], Upload_Length=len(CONTENT), Content_Type=BYTES)
    assert (answer.status, answer.offset) == (201, PART + 7)
    assert tus.patch(answer.location, PART + 7, CONTENT[PART + 7 :]).status == 204
    assert content_in_store(work_off(upload_at(answer.location))) == CONTENT
    nothing = tus.ask("POST", body=b"", Upload_Length=3, Content_Type=BYTES)
    assert (nothing.status, nothing.offset) == (201, 0)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"Upload_Checksum": checksum("sha1", b"others")}, 460),
        ({"Upload_Checksum": "crc1 AAAA"}, 400),
        ({"Upload_Length": len(SMALL) - 1}, 413),
    ],
)
def test_w2_the_rules_of_patch_hold_and_a_refused_body_leaves_nothing(
    tus: Speaker, said: dict[str, Any], status: int
) -> None:
    said = {"Upload_Length": 100, **said}
    assert tus.ask("POST", body=SMALL, Content_Type=BYTES, **said).status == status
    living = Upload.objects.filter(state=UploadState.RECEIVING, size=said["Upload_Length"], pieces__isnull=False)
    assert not living.exists()


def test_w2_a_checksum_that_is_right(tus: Speaker) -> None:
    answer = tus.ask(
        "POST", body=SMALL, Upload_Length=100, Content_Type=BYTES, Upload_Checksum=checksum("sha256", SMALL)
    )
    assert (answer.status, answer.offset) == (201, len(SMALL))


def test_w3_a_creation_that_breaks_off_is_found_again_by_its_key(tus: Speaker) -> None:
    key = uuid4().hex
    said = tus.headers(Upload_Length=100, Content_Type=BYTES, Content_Length=100, Idempotency_Key=key)
    with tus.write("POST", TUS, said, SMALL):
        time.sleep(0.3)
    deadline = time.monotonic() + 30
    while not Upload.objects.filter(size=100, pieces__size=len(SMALL), tus__asked_with__gt="").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    again = tus.ask("POST", body=b"", Upload_Length=100, Content_Type=BYTES, Idempotency_Key=key)
    assert (again.status, again.offset) == (201, len(SMALL))


def test_w3_what_cannot_be_taken_now_comes_later(tus: Speaker) -> None:
    Node.objects.create(name="here", unanswered=1000)
    try:
        time.sleep(1.1)  # That there is room is believed for a second.
        answer = tus.ask("POST", body=SMALL, Upload_Length=len(SMALL), Content_Type=BYTES)
    finally:
        Node.objects.filter(name="here").delete()
    assert (answer.status, answer.offset) == (201, 0)
    assert tus.patch(answer.location, 0, SMALL).status == 204


def test_w4_a_body_of_another_type_is_refused(tus: Speaker) -> None:
    before = resources()
    assert tus.ask("POST", body=SMALL, Upload_Length=len(SMALL), Content_Type="text/plain").status == 415
    assert resources() == before
    empty = tus.ask("POST", body=b"", Upload_Length=3, Content_Type="application/x-www-form-urlencoded")
    assert (empty.status, empty.headers["Upload-Offset"]) == (201, None)


def test_w4_a_body_of_unknown_length_beyond_the_end_completes_nothing(tus: Speaker) -> None:
    answer = tus.ask(
        "POST", body=iter([SMALL, SMALL]), Upload_Length=20, Content_Type=BYTES, Transfer_Encoding="chunked"
    )
    assert answer.status == 413
    assert not Upload.objects.filter(size=20).exclude(state=UploadState.ABORTED).exists()


def test_w5_a_whole_file_in_one_request(tus: Speaker, gateway: Gateway) -> None:
    package = worlds.draft(gateway.world)
    said = f"filename {encoded('spar.step')},subject {encoded(str(package.pk))}"
    answer = tus.ask("POST", body=CONTENT, Upload_Length=len(CONTENT), Content_Type=BYTES, Upload_Metadata=said)
    assert (answer.status, answer.offset, answer.headers["Upload-Expires"]) == (201, len(CONTENT), None)
    assert PackageFile.objects.filter(package=package).count() == 1
    upload = work_off(upload_at(answer.location))
    assert (upload.state, content_in_store(upload)) == (UploadState.STORED, CONTENT)
    assert isinstance(upload.subject, UUID)
