"""tus 1.0.0: expiration, checksum, termination, and what browsers on other origins need."""

from __future__ import annotations

import contextlib
import http.client
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.utils import timezone

from core.models import AuditEvent
from sft.models import PackageState
from tests.sft import world as worlds
from tests.transfers.conftest import PART
from tests.transfers.sending import content_in_store, files_in, random_bytes
from tests.transfers.tus.conftest import Gateway
from tests.transfers.tus.speaking import TUS, Speaker, answered, checksum, encoded, upload_at, work_off
from transfers.models import Piece, Upload, UploadState
from transfers.services import cleaning, sweeping

CONTENT = random_bytes(2 * PART + 12_345)
SMALL = b"twelve bytes"


def run_out(path: str) -> Upload:
    upload = upload_at(path)
    Upload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return upload


def test_e1_every_answer_says_when_the_upload_runs_out(tus: Speaker) -> None:
    created = tus.ask("POST", Upload_Length=12)
    answers = [created, tus.head(created.location), tus.patch(created.location, 0, b"abc")]
    for answer in answers:
        assert answer.headers["Upload-Expires"].endswith(" GMT")
        at = parsedate_to_datetime(answer.headers["Upload-Expires"])
        assert timedelta(days=6, hours=23) < at - timezone.now() <= timedelta(days=7, seconds=1)


def test_e1_progress_moves_the_end(tus: Speaker) -> None:
    path = tus.create(12)
    Upload.objects.filter(tus__key=path.removeprefix(TUS)).update(expires_at=timezone.now() + timedelta(hours=2))
    assert parsedate_to_datetime(tus.head(path).headers["Upload-Expires"]) < timezone.now() + timedelta(hours=3)
    answer = tus.patch(path, 0, b"abc")
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]) > timezone.now() + timedelta(days=6)


@pytest.mark.parametrize("swept", [False, True])
def test_e2_what_has_run_out_is_gone(tus: Speaker, swept: bool) -> None:
    path = tus.create(12)
    tus.patch(path, 0, b"abc")
    upload = run_out(path)
    if swept:
        sweeping.expire_overdue()
        assert cleaning.clean_up(upload.pk)
    answers = [tus.head(path), tus.patch(path, 3, b"def"), tus.ask("DELETE", path)]
    assert [answer.status for answer in answers] == [410, 410, 410]
    assert {answer.headers["Upload-Offset"] for answer in answers} == {None}


def test_e3_a_finished_upload_does_not_run_out(tus: Speaker) -> None:
    path = tus.send(SMALL)
    run_out(path)
    sweeping.expire_overdue()
    answer = tus.head(path)
    assert (answer.status, answer.offset, answer.headers["Upload-Expires"]) == (200, len(SMALL), None)


def test_e4_bytes_on_their_way_keep_an_upload_from_running_out(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    with tus.begin(path, 0, CONTENT[: PART + 10], length=len(CONTENT)) as line:
        time.sleep(0.3)
        run_out(path)
        line.sendall(CONTENT[PART + 10 :])
        assert answered(line).status == 204
    sweeping.expire_overdue()
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_e4_an_upload_that_ran_out_takes_no_byte_more(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    with tus.begin(path, 0, SMALL[:5], length=len(SMALL)) as line:
        time.sleep(0.3)
        upload = run_out(path)
        sweeping.expire_overdue()
        line.sendall(SMALL[5:])
        assert answered(line).status == 410
    assert not Piece.objects.filter(upload=upload).exists()


def test_e5_a_client_s_clock_does_not_matter(tus: Speaker) -> None:
    path = tus.create(12)
    assert tus.patch(path, 0, b"abc", Date="Thu, 01 Jan 1970 00:00:00 GMT").status == 204


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512", "md5"])
def test_k1_each_offered_algorithm_is_checked(tus: Speaker, algorithm: str) -> None:
    assert algorithm in tus.ask("OPTIONS").headers["Tus-Checksum-Algorithm"].split(",")
    path = tus.create(len(SMALL))
    assert tus.patch(path, 0, SMALL, Upload_Checksum=checksum(algorithm, b"others")).status == 460
    assert tus.patch(path, 0, SMALL, Upload_Checksum=checksum(algorithm, SMALL)).status == 204


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("crc32 AAAAAA==", 400),
        ("SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", 400),
        ("sha1", 400),
        ("sha1 ", 400),
        ("sha1 not-base64", 400),
        ("sha1 AAAA", 400),
        ("", 400),
        (checksum("sha1", b"others"), 460),
    ],
)
def test_k2_k4_a_checksum_that_is_wrong_or_none_drops_the_body(tus: Speaker, said: str, status: int) -> None:
    path = tus.create(len(SMALL))
    assert (tus.patch(path, 0, SMALL, Upload_Checksum=said).status, tus.head(path).offset) == (status, 0)
    assert tus.patch(path, 0, SMALL).status == 204


def test_k3_nothing_of_a_wrong_body_stays_however_many_parts_it_had(tus: Speaker, gateway: Gateway) -> None:
    path = tus.create(len(CONTENT))
    tus.patch(path, 0, CONTENT[:100])
    before = files_in(gateway.staging)
    wrong = tus.patch(path, 100, CONTENT[100:], Upload_Checksum=checksum("sha1", CONTENT))
    assert (wrong.status, tus.head(path).offset) == (460, 100)
    assert (files_in(gateway.staging), upload_at(path).parts.count()) == (before, 0)
    right = tus.patch(path, 100, CONTENT[100:], Upload_Checksum=checksum("sha1", CONTENT[100:]))
    assert right.status == 204
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_k3_a_body_that_breaks_off_is_not_what_was_announced(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    said = checksum("sha1", CONTENT)
    with tus.begin(path, 0, CONTENT[: PART + 10], length=len(CONTENT), Upload_Checksum=said):
        time.sleep(0.3)
    time.sleep(0.3)
    assert (tus.head(path).offset, upload_at(path).parts.count()) == (0, 0)


def test_k5_trailers_are_not_promised(tus: Speaker) -> None:
    assert "checksum-trailer" not in tus.ask("OPTIONS").headers["Tus-Extension"]


def test_t1_an_upload_can_be_ended_finished_or_not(tus: Speaker) -> None:
    for path in (tus.create(3), tus.send(SMALL), tus.send(b"")):
        assert (tus.ask("DELETE", path).status, tus.head(path).status) == (204, 410)
        assert tus.patch(path, 0, b"a").status == 410
    stored = tus.send(SMALL)
    assert work_off(upload_at(stored)).state == UploadState.STORED
    assert (tus.ask("DELETE", stored).status, tus.head(stored).status) == (204, 410)


def test_t2_whoever_is_sending_is_stopped_and_everything_is_freed(tus: Speaker, gateway: Gateway) -> None:
    path = tus.create(len(CONTENT))
    upload = upload_at(path)
    with tus.begin(path, 0, CONTENT[: PART + 10], length=len(CONTENT)) as line:
        time.sleep(0.3)
        assert tus.ask("DELETE", path).status == 204
        with contextlib.suppress(ConnectionError, http.client.BadStatusLine):
            assert answered(line).status in {410, 423}
    assert cleaning.clean_up(upload.pk)
    cleaning.clear_staging(upload.pk)
    assert [name for name in files_in(gateway.staging) if name.startswith(upload.pk.hex)] == []
    assert not upload.parts.exists()
    assert AuditEvent.objects.filter(action="transfers.upload.remove", target_id=str(upload.pk)).count() == 1


def test_t3_ending_again_is_no_fault(tus: Speaker) -> None:
    path = tus.create(3)
    assert [tus.ask("DELETE", path).status for _ in range(3)] == [204, 410, 410]
    assert tus.ask("DELETE", f"{TUS}{'x' * 24}").status == 404


def test_t4_a_file_of_a_package_that_was_sent_stays(tus: Speaker, gateway: Gateway) -> None:
    package = worlds.draft(gateway.world)
    said = f"filename {encoded('spar.step')},subject {encoded(str(package.pk))}"
    draft, sent = tus.send(SMALL, Upload_Metadata=said), tus.send(SMALL, Upload_Metadata=said.replace("spar", "rib"))
    assert tus.ask("DELETE", draft).status == 204
    type(package).objects.filter(pk=package.pk).update(state=PackageState.PROCESSING, sent_at=timezone.now())
    refused = tus.ask("DELETE", sent)
    assert (refused.status, tus.head(sent).status) == (403, 200)
    assert b"has been sent" in refused.body


def test_cors_any_page_may_ask_and_read(tus: Speaker) -> None:
    ahead = tus.ask(
        "OPTIONS",
        Authorization=None,
        Tus_Resumable=None,
        Origin="https://elsewhere.example",
        Access_Control_Request_Method="PATCH",
        Access_Control_Request_Headers="authorization,tus-resumable,upload-offset,content-type",
    )
    allowed = {name.strip() for name in ahead.headers["Access-Control-Allow-Headers"].split(",")}
    assert ahead.headers["Access-Control-Allow-Origin"] == "*"
    assert set(ahead.headers["Access-Control-Allow-Methods"].split(", ")) == {
        *("POST", "GET", "HEAD", "PATCH", "DELETE", "OPTIONS"),
    }
    assert allowed >= {
        *("Authorization", "Origin", "X-Requested-With", "X-Request-ID", "X-HTTP-Method-Override", "Content-Type"),
        *("Upload-Length", "Upload-Offset", "Tus-Resumable", "Upload-Metadata", "Upload-Defer-Length", "Upload-Concat"),
        "Upload-Checksum",
    }
    for answer in (tus.ask("POST", Upload_Length=3), tus.ask("POST"), tus.ask("POST", Authorization=None)):
        exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Credentials"] is None
        assert exposed >= {
            *(
                "Upload-Offset",
                "Location",
                "Upload-Length",
                "Tus-Version",
                "Tus-Resumable",
                "Tus-Max-Size",
                "Tus-Extension",
            ),
            *("Upload-Metadata", "Upload-Defer-Length", "Upload-Concat", "Upload-Expires"),
        }
