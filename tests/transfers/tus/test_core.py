"""tus 1.0.0, core: each test is named after its point of the acceptance list (docs/tus.md)."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time

import pytest

from accounts.models import Scope
from accounts.services import access_tokens
from tests.transfers.conftest import MIB, PART
from tests.transfers.sending import content_in_store, random_bytes
from tests.transfers.tus.conftest import LARGEST, PATIENCE_SECONDS, Gateway, proved, token_of
from tests.transfers.tus.speaking import BYTES, TUS, Speaker, answered, checksum, encoded, upload_at, work_off
from transfers.models import Part, TusResource, Upload, UploadState
from transfers.services import pushing

CONTENT = random_bytes(2 * PART + 12_345)
SMALL = b"twelve bytes"


def test_c1_every_answer_says_the_version(tus: Speaker) -> None:
    path = tus.create(3)
    answers = [
        tus.head(path),
        tus.patch(path, 0, b"abc"),
        tus.ask("POST", Upload_Length=1),
        tus.ask("POST"),
        tus.patch(path, 7),
        tus.head(f"{TUS}nothing-here"),
        tus.ask("GET", path),
        tus.ask("DELETE", path),
        tus.ask("DELETE", path),
        tus.ask("HEAD", path, Authorization=None),
        tus.ask("HEAD", f"{TUS}a/b"),
    ]
    assert [answer.status for answer in answers] == [200, 204, 201, 400, 409, 404, 405, 204, 410, 401, 404]
    assert {answer.headers["Tus-Resumable"] for answer in answers} == {"1.0.0"}


@pytest.mark.parametrize("said", ["0.2.2", "1.0.1", None])
def test_c2_another_version_is_refused_and_nothing_is_done(tus: Speaker, said: str | None) -> None:
    path, before = tus.create(3), TusResource.objects.count()
    answers = [
        tus.ask("POST", Upload_Length=3, Tus_Resumable=said),
        tus.patch(path, 0, b"abc", Tus_Resumable=said),
        tus.ask("HEAD", path, Tus_Resumable=said),
        tus.ask("DELETE", path, Tus_Resumable=said),
    ]
    assert {answer.status for answer in answers} == {412}
    assert {answer.headers["Tus-Version"] for answer in answers} == {"1.0.0"}
    assert (TusResource.objects.count(), tus.head(path).offset) == (before, 0)


def test_c3_options_takes_any_version_and_needs_no_token(tus: Speaker) -> None:
    assert tus.ask("OPTIONS", Tus_Resumable="0.0.1", Authorization=None).status == 200


def test_c4_options_tells_what_is_spoken(tus: Speaker) -> None:
    answer = tus.ask("OPTIONS")
    assert (answer.status, answer.headers["Tus-Version"], answer.headers["Tus-Max-Size"]) == (
        200,
        "1.0.0",
        str(LARGEST),
    )
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        *("creation", "creation-with-upload", "creation-defer-length"),
        *("expiration", "checksum", "termination", "concatenation"),
    }
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    assert tus.ask("OPTIONS", tus.create(1)).headers["Tus-Version"] == "1.0.0"


def test_c5_a_method_may_be_said_in_a_header(tus: Speaker) -> None:
    path = tus.create(3)
    patched = tus.ask(
        "POST",
        path,
        b"abc",
        X_HTTP_Method_Override="PATCH",
        Upload_Offset=0,
        Content_Type="application/offset+octet-stream",
    )
    assert (patched.status, patched.offset) == (204, 3)
    assert tus.ask("POST", path, X_HTTP_Method_Override="HEAD").offset == 3
    assert tus.ask("GET", path, X_HTTP_Method_Override="delete").status == 204
    assert tus.head(path).status == 410
    assert tus.ask("POST", path, X_HTTP_Method_Override="TRACE").status == 405


def test_h1_head_tells_the_offset_from_none_to_all(tus: Speaker) -> None:
    path = tus.create(3)
    assert tus.head(path).offset == 0
    tus.patch(path, 0, b"a")
    assert tus.head(path).offset == 1
    tus.patch(path, 1, b"bc")
    assert tus.head(path).offset == 3
    assert work_off(upload_at(path)).state == UploadState.STORED
    assert tus.head(path).offset == 3


def test_h2_head_tells_the_length_or_that_it_is_to_come(tus: Speaker) -> None:
    known, deferred = tus.head(tus.create(3)), tus.head(tus.create(None))
    assert (known.headers["Upload-Length"], known.headers["Upload-Defer-Length"]) == ("3", None)
    assert (deferred.headers["Upload-Length"], deferred.headers["Upload-Defer-Length"]) == (None, "1")


def test_h3_head_is_not_to_be_kept(tus: Speaker) -> None:
    assert tus.head(tus.create(3)).headers["Cache-Control"] == "no-store"


def test_h4_head_answers_200_or_says_that_there_is_nothing(tus: Speaker, stranger: Speaker) -> None:
    path = tus.create(3)
    gone = tus.create(3)
    tus.ask("DELETE", gone)
    refused = [tus.head(f"{TUS}{'x' * 24}"), stranger.head(path), tus.head(gone), tus.head(f"{TUS}%00")]
    assert tus.head(path).status == 200
    assert [answer.status for answer in refused] == [404, 404, 410, 404]
    assert {answer.headers["Upload-Offset"] for answer in refused} == {None}


def test_h5_metadata_comes_back_as_it_was(tus: Speaker) -> None:
    said = f"filename {encoded('Flügel – 翼.step')},  empty,type {encoded('model/step')} ,odd!key {encoded('x')}"
    path = tus.create(3, Upload_Metadata=said)
    assert tus.head(path).headers["Upload-Metadata"] == said
    assert upload_at(path).name == "Flügel – 翼.step"


def test_h6_the_offset_of_a_head_is_one_to_go_on_from(tus: Speaker) -> None:
    """Whoever is sending stops for it, so that what had arrived is counted."""
    path = tus.create(len(CONTENT))
    with tus.begin(path, 0, CONTENT[: PART + 1000], length=len(CONTENT)):
        time.sleep(0.3)
        offset = tus.head(path).offset
        assert offset == PART + 1000
        assert tus.patch(path, offset, CONTENT[offset:]).status == 204
    upload = work_off(upload_at(path))
    assert (upload.state, content_in_store(upload)) == (UploadState.STORED, CONTENT)


@pytest.mark.parametrize("said", ["application/octet-stream", "text/plain", None])
def test_p1_another_content_type_is_refused(tus: Speaker, said: str | None) -> None:
    path = tus.create(3)
    assert tus.patch(path, 0, b"abc", Content_Type=said).status == 415
    assert tus.head(path).offset == 0


@pytest.mark.parametrize("said", [1, 5, 2**62])
def test_p2_another_offset_is_a_conflict_that_tells_the_right_one(tus: Speaker, said: int) -> None:
    path = tus.create(12)
    tus.patch(path, 0, b"abc")
    answer = tus.patch(path, said, b"defghi")
    assert (answer.status, answer.offset, tus.head(path).offset) == (409, 3, 3)


@pytest.mark.parametrize("said", [None, "", "-1", "+5", "1e3", "1.0", "0x1", "٣", 2**63, "9" * 40])
def test_p2_what_is_no_offset_is_refused(tus: Speaker, said: object) -> None:
    path = tus.create(3)
    said = said.encode() if isinstance(said, str) and not said.isascii() else said
    answer = tus.patch(path, said if not isinstance(said, bytes) else said.decode("latin-1"), b"abc")
    assert (answer.status, tus.head(path).offset) == (400, 0)


def test_p3_each_patch_moves_the_offset_by_what_it_brought(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    for start in range(0, len(CONTENT), 4 * MIB):
        answer = tus.patch(path, start, CONTENT[start : start + 4 * MIB])
        assert (answer.status, answer.body, answer.offset) == (204, b"", min(start + 4 * MIB, len(CONTENT)))
    upload = work_off(upload_at(path))
    assert (upload.state, content_in_store(upload)) == (UploadState.STORED, CONTENT)


def test_p4_there_is_nothing_to_append_to(tus: Speaker) -> None:
    gone = tus.create(3)
    tus.ask("DELETE", gone)
    assert tus.patch(f"{TUS}{'x' * 24}", 0, b"abc").status == 404
    assert tus.patch(gone, 0, b"abc").status == 410


@pytest.mark.parametrize("arrived", [1000, PART + 1000])
def test_p5_a_broken_line_keeps_what_had_arrived(tus: Speaker, arrived: int) -> None:
    path = tus.create(len(CONTENT))
    tus.begin(path, 0, CONTENT[:arrived], length=len(CONTENT)).close()
    assert tus.offset_once_quiet(path, arrived) == arrived
    assert tus.patch(path, arrived, CONTENT[arrived:]).status == 204
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_p5_a_reset_line_keeps_what_had_been_read(tus: Speaker) -> None:
    """A reset takes what the kernel had received and nobody had read yet."""
    path, arrived = tus.create(len(CONTENT)), 2 * PART
    line = tus.begin(path, 0, CONTENT[:arrived], length=len(CONTENT))
    while upload_at(path).parts.count() < 1:
        time.sleep(0.05)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()
    offset = tus.head(path).offset
    assert PART <= offset <= arrived
    assert tus.patch(path, offset, CONTENT[offset:]).status == 204
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_p5_a_half_closed_line_is_told_how_far_it_came(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    with tus.begin(path, 0, SMALL[:5], length=len(SMALL)) as line:
        line.shutdown(socket.SHUT_WR)
        assert answered(line).status == 400
    assert tus.head(path).offset == 5


@pytest.mark.parametrize("is_checked", [False, True])
def test_p5_what_was_lost_is_sent_again_over_parts_that_are_there(tus: Speaker, *, is_checked: bool) -> None:
    """A client cuts as it likes, and its bytes end in the middle of a part that lies in the store already."""
    path = tus.create(len(CONTENT))
    assert tus.patch(path, 0, CONTENT[: 2 * PART]).status == 204
    for part in upload_at(path).parts.all():
        assert pushing.push_part(part.pk)
    pushing.lose(list(upload_at(path).parts.filter(number=1)), because="the store does not hold it")
    assert tus.head(path).offset == 0
    again = CONTENT[: PART + 1000]
    said = {"Upload_Checksum": checksum("sha1", again)} if is_checked else {}
    answer = tus.patch(path, 0, again, **said)
    assert (answer.status, answer.offset) == (204, 2 * PART)
    assert tus.patch(path, answer.offset, CONTENT[2 * PART :]).status == 204
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_p6_a_silent_line_is_ended_and_keeps_what_it_brought(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    with tus.begin(path, 0, SMALL[:5], length=len(SMALL)) as line:
        began = time.monotonic()
        assert answered(line).code == "interrupted"
        assert line.recv(1) == b""
        assert PATIENCE_SECONDS - 1 < time.monotonic() - began < PATIENCE_SECONDS + 10
    assert tus.head(path).offset == 5


def test_p7_a_body_beyond_the_end_is_refused_before_it_is_read(tus: Speaker) -> None:
    path = tus.create(5)
    assert tus.patch(path, 0, SMALL).status == 413
    assert tus.patch(path, 0, b"abc").status == 204
    assert tus.patch(path, 3, b"def").status == 413
    assert tus.head(path).offset == 3
    assert upload_at(path).state == UploadState.RECEIVING


def test_p7_a_body_of_unknown_length_works(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    blocks = [CONTENT[start : start + MIB] for start in range(0, len(CONTENT), MIB)]
    assert tus.patch(path, 0, blocks, Transfer_Encoding="chunked").offset == len(CONTENT)
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_p7_a_body_of_unknown_length_does_not_pass_the_end(tus: Speaker) -> None:
    path = tus.create(PART)
    blocks = [CONTENT[start : start + MIB] for start in range(0, 6 * MIB, MIB)]
    with contextlib.suppress(ConnectionError):
        assert tus.patch(path, 0, blocks, Transfer_Encoding="chunked").status == 413
    assert (tus.head(path).offset, upload_at(path).state) == (0, UploadState.RECEIVING)


def test_p8_nothing_at_the_offset_changes_nothing(tus: Speaker) -> None:
    path = tus.create(3)
    assert [tus.patch(path, 0).status, tus.head(path).offset] == [204, 0]
    tus.patch(path, 0, b"abc")
    for _ in range(2):
        assert (tus.patch(path, 3).status, tus.patch(path, 3).offset) == (204, 3)
    assert tus.patch(path, 3, b"d").status == 413
    assert Upload.objects.get(tus__key=path.removeprefix(TUS)).size == 3


def test_p9_a_lower_offset_overwrites_nothing(tus: Speaker) -> None:
    path = tus.create(6)
    tus.patch(path, 0, b"abcd")
    assert tus.patch(path, 2, b"XXXX").status == 409
    tus.patch(path, 4, b"ef")
    assert content_in_store(work_off(upload_at(path))) == b"abcdef"


def test_p9_the_newest_of_two_writers_wins(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    with tus.begin(path, 0, CONTENT[: PART + 10], length=len(CONTENT)) as older:
        time.sleep(0.3)
        began = time.monotonic()
        newer = tus.patch(path, PART, CONTENT[PART:])
        assert (newer.status, newer.offset) == (204, len(CONTENT))
        assert time.monotonic() - began < 4
        with contextlib.suppress(ConnectionError, http.client.BadStatusLine):
            assert answered(older).status in {409, 423}
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_p9_whoever_comes_too_late_stops_nobody(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    with tus.begin(path, 0, CONTENT[: PART + 10], length=len(CONTENT)) as holder:
        while not Part.objects.filter(upload=upload_at(path)).exists():
            time.sleep(0.05)
        late = tus.patch(path, 0, CONTENT)
        assert (late.status, late.offset) == (409, PART)
        holder.sendall(CONTENT[PART + 10 :])
        assert answered(holder).status == 204
    assert content_in_store(work_off(upload_at(path))) == CONTENT


def test_p9_of_many_at_once_each_byte_is_written_once(tus: Speaker) -> None:
    path, content = tus.create(MIB), random_bytes(MIB)
    statuses: list[int] = []

    def send() -> None:
        with contextlib.suppress(ConnectionError, http.client.BadStatusLine):
            statuses.append(tus.patch(path, 0, content).status)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {204, 409, 423}
    assert statuses.count(204) == 1
    assert content_in_store(work_off(upload_at(path))) == content


def test_p10_whoever_waits_to_send_is_told_to_go_on(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    with tus.begin(path, 0, b"", length=len(SMALL), Expect="100-continue") as line:
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(SMALL)
        assert answered(line).status == 204


def test_p10_also_for_a_body_of_unknown_length(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    said = tus.headers(Upload_Offset=0, Content_Type=BYTES, Transfer_Encoding="chunked", Expect="100-continue")
    with tus.write("PATCH", path, said, b"") as line:
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"c\r\n" + SMALL + b"\r\n0\r\n\r\n")
        assert answered(line).status == 204


def test_p10_a_refusal_does_not_wait_for_the_body(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    with tus.begin(path, 5, b"", length=7, Expect="100-continue") as line:
        line.settimeout(3)
        assert answered(line).status == 409


def test_p11_a_token_is_all_that_is_needed_and_its_end_keeps_the_upload(tus: Speaker, gateway: Gateway) -> None:
    sender = gateway.world.sender
    path = tus.create(len(SMALL))
    tus.patch(path, 0, SMALL[:5])
    token, secret = access_tokens.create(proved(sender), user=sender.user, name="short", scopes=[Scope.FILES_SEND])
    access_tokens.revoke(proved(sender), token=token)
    ended = Speaker(tus.port, secret).patch(path, 5, SMALL[5:])
    assert (ended.status, ended.code) == (401, "token_revoked")
    assert tus.patch(path, 5, SMALL[5:]).status == 204


def test_a1_every_verb_asks_who_it_is(tus: Speaker, stranger: Speaker, gateway: Gateway) -> None:
    path = tus.create(len(SMALL))
    wrong_scope = Speaker(tus.port, token_of(gateway.world.sender, Scope.FILES_FETCH))
    for speaker, expected in ((Speaker(tus.port, "mag_nonsense"), 401), (wrong_scope, 403), (stranger, 404)):
        answers = [
            speaker.head(path),
            speaker.patch(path, 0, SMALL),
            speaker.ask("DELETE", path),
            *([speaker.ask("POST", Upload_Length=1)] if expected != 404 else ()),
        ]
        assert {answer.status for answer in answers} == {expected}
    assert tus.head(path).offset == 0
    assert len(path.removeprefix(TUS)) == 24  # 144 bits


def test_a1_a_cookie_opens_nothing(tus: Speaker) -> None:
    assert tus.ask("POST", Upload_Length=1, Authorization=None, Cookie="session=abcdef").status == 401
