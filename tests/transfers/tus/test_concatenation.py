"""tus 1.0.0: concatenation, down to the bytes in the store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import Conflict
from tests.concurrency import behind_us
from tests.transfers.conftest import MIB, PART, Listener
from tests.transfers.sending import content_in_store, random_bytes, sha256
from tests.transfers.tus.conftest import LARGEST, Gateway, proved
from tests.transfers.tus.speaking import BYTES, TUS, Speaker, encoded, upload_at, work_off
from transfers.models import Concat, Part, PartState, TusResource, Upload, UploadState
from transfers.services import sweeping
from transfers.services.tus import concatenation
from transfers.services.tus.facts import FileFacts
from transfers.storage import store

CONTENT = random_bytes(2 * PART + 12_345)
# Cut where no part ends, and smaller than a part that the store would take.
CUTS = (0, PART + 7, PART + 107, len(CONTENT))


def partial(tus: Speaker, content: bytes) -> str:
    return tus.send(content, Upload_Concat="partial")


def partials(tus: Speaker) -> list[str]:
    return [partial(tus, CONTENT[start:end]) for start, end in pairwise(CUTS)]


def join(tus: Speaker, paths: list[str], **headers: Any) -> str:
    answer = tus.ask("POST", Upload_Concat=f"final;{' '.join(paths)}", **headers)
    assert answer.status == 201, answer.body
    return answer.location


def test_n1_n2_a_file_is_joined_in_the_order_that_was_named(tus: Speaker, gateway: Gateway) -> None:
    paths = partials(tus)
    absolute = [f"http://127.0.0.1:{gateway.pool.port}{path}" for path in paths]
    final = upload_at(join(tus, [*absolute[:2], paths[2]]))
    assert (final.state, final.size) == (UploadState.PUSHING, len(CONTENT))
    for path in paths:
        work_off(upload_at(path))
    assert work_off(final).state == UploadState.STORED
    assert content_in_store(final) == CONTENT


def test_n1_a_final_upload_has_no_length_of_its_own(tus: Speaker) -> None:
    paths = [partial(tus, b"abc")]
    assert tus.ask("POST", Upload_Concat=f"final;{paths[0]}", Upload_Length=3).status == 400
    assert "concatenation" in tus.ask("OPTIONS").headers["Tus-Extension"].split(",")


def test_n3_the_final_upload_has_metadata_of_its_own(tus: Speaker) -> None:
    one = tus.send(b"abc", Upload_Concat="partial", Upload_Metadata=f"filename {encoded('piece')}")
    said = f"filename {encoded('whole.step')}"
    path = join(tus, [one], Upload_Metadata=said)
    assert (upload_at(path).name, tus.head(path).headers["Upload-Metadata"]) == ("whole.step", said)
    assert upload_at(join(tus, [one])).name == "file"


def test_n4_a_final_upload_takes_no_bytes(tus: Speaker) -> None:
    one = partial(tus, b"abc")
    path = join(tus, [one])
    assert [tus.patch(path, offset, b"d").status for offset in (0, 3)] == [403, 403]
    with_body = tus.ask("POST", body=b"abc", Upload_Concat=f"final;{one}", Content_Type=BYTES)
    assert with_body.status == 403
    assert upload_at(path).size == 3


def test_n5_head_tells_what_is_what(tus: Speaker) -> None:
    one = tus.create(3, Upload_Concat="partial")
    begun = tus.head(one)
    assert (begun.offset, begun.headers["Upload-Concat"]) == (0, "partial")
    tus.patch(one, 0, b"abc")
    path = join(tus, [one])
    joining = tus.head(path)
    assert (joining.headers["Upload-Offset"], joining.headers["Upload-Length"]) == (None, "3")
    assert joining.headers["Upload-Concat"] == f"final;{one}"
    work_off(upload_at(one))
    assert tus.head(one).offset == 3
    work_off(upload_at(path))
    assert (tus.head(path).offset, tus.head(path).headers["Upload-Length"]) == (3, "3")


@pytest.mark.parametrize("length", [3, None])
def test_n6_an_unfinished_partial_upload_cannot_be_joined(tus: Speaker, length: int | None) -> None:
    one = tus.create(length, Upload_Concat="partial")
    tus.patch(one, 0, b"ab")
    before = TusResource.objects.count()
    assert tus.ask("POST", Upload_Concat=f"final;{one}").status == 409
    assert TusResource.objects.count() == before
    assert "concatenation-unfinished" not in tus.ask("OPTIONS").headers["Tus-Extension"].split(",")


def test_n7_a_partial_upload_may_be_used_again_until_it_is_stored_elsewhere(tus: Speaker) -> None:
    one, other = partial(tus, b"abc"), partial(tus, b"de")
    twice, again = join(tus, [one, other, one]), join(tus, [one])
    assert tus.ask("DELETE", one).status == 403
    for path in (one, other, twice):
        work_off(upload_at(path))
    assert content_in_store(upload_at(twice)) == b"abcdeabc"
    assert [tus.head(one).status, tus.head(other).status] == [200, 410]
    work_off(upload_at(again))
    assert content_in_store(upload_at(again)) == b"abc"
    assert tus.head(one).status == 410
    assert tus.ask("POST", Upload_Concat=f"final;{one}").status == 410


@pytest.mark.parametrize(
    "said",
    [
        "partiall",
        "final",
        "final;",
        "final; ",
        "Partial",
        "final:{one}",
        "final;/elsewhere/{key}",
        "final;{one}?x=y",
        "final;{one},{one}",
    ],
)
def test_n8_what_names_no_upload_is_refused(tus: Speaker, said: str) -> None:
    one = partial(tus, b"abc")
    said = said.format(one=one, key=one.removeprefix(TUS))
    answer = tus.ask("POST", Upload_Concat=said)
    assert answer.status == 400, said


def test_n8_only_partial_uploads_of_one_s_own_on_this_gateway_are_joined(tus: Speaker, stranger: Speaker) -> None:
    one, whole = partial(tus, b"abc"), tus.send(b"abc")
    final = join(tus, [one])
    refused = {
        f"{TUS}{'x' * 24}": 404,
        partial(stranger, b"abc"): 404,
        whole: 400,
        final: 400,
        f"http://other.example{one}": 400,
    }
    assert {path: tus.ask("POST", Upload_Concat=f"final;{path}").status for path in refused} == refused


def test_n9_a_sum_that_is_too_large_is_refused(tus: Speaker) -> None:
    half = partial(tus, b"\0" * (LARGEST // 2))
    assert tus.ask("POST", Upload_Concat=f"final;{half} {half} {partial(tus, b'a')}").status == 413
    assert tus.ask("DELETE", half).status == 204


def test_n10_small_partial_uploads_are_joined_across_parts(tus: Speaker) -> None:
    content = random_bytes(PART + 2 * MIB)
    paths = [partial(tus, content[start : start + MIB]) for start in range(0, len(content), MIB)]
    path = join(tus, paths)
    for one in paths:
        work_off(upload_at(one))
    assert content_in_store(work_off(upload_at(path))) == content


def test_n11_nobody_is_told_of_a_partial_upload(tus: Speaker, listener: Listener) -> None:
    one = partial(tus, b"abc")
    upload = work_off(upload_at(one))
    assert (upload.concat, upload.state, upload.scan) == (Concat.PARTIAL, UploadState.VERIFYING, "")
    assert (listener.told, listener.completed_ids) == ([], [])
    final = work_off(upload_at(join(tus, [one])))
    assert listener.told == [("stored", final.pk)]


def test_empty_partial_uploads_make_an_empty_file(tus: Speaker) -> None:
    one = partial(tus, b"")
    path = join(tus, [one, one])
    work_off(upload_at(one))
    upload = work_off(upload_at(path))
    assert (upload.state, upload.size) == (UploadState.STORED, 0)


def test_joining_goes_on_where_it_stopped(tus: Speaker) -> None:
    """A worker died after the first part; the second one is made and the first is left alone."""
    paths = partials(tus)
    final = upload_at(join(tus, paths))
    for path in paths:
        work_off(upload_at(path))
    concatenation.gather(claimed(final))
    Upload.objects.filter(pk=final.pk).update(claimed_at=None)
    first = Part.objects.get(upload=final, number=1)
    Part.objects.filter(upload=final, number__gt=1).delete()
    assert work_off(final).state == UploadState.STORED
    assert Part.objects.get(upload=final, number=1).etag == first.etag
    assert content_in_store(final) == CONTENT


def test_a_source_that_the_store_spoilt_is_found(tus: Speaker) -> None:
    one = partial(tus, b"abcdef")
    final = upload_at(join(tus, [one]))
    source = work_off(upload_at(one))
    Part.objects.filter(upload=source).update(sha256="0" * 64)
    assert work_off(final).state == UploadState.FAILED
    assert not Part.objects.filter(upload=final, state=PartState.PUSHED).exists()


def test_partial_uploads_that_nobody_joins_run_out(tus: Speaker) -> None:
    one, used = partial(tus, b"abc"), partial(tus, b"def")
    join(tus, [used])
    for path in (one, used):
        work_off(upload_at(path))
        Upload.objects.filter(pk=upload_at(path).pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    concatenation.remove_forgotten()
    assert (tus.head(one).status, tus.head(used).status) == (410, 200)


def test_a_final_upload_whose_source_is_gone_says_so(tus: Speaker, listener: Listener) -> None:
    one = partial(tus, b"abc")
    final = upload_at(join(tus, [one]))
    Upload.objects.filter(pk=upload_at(one).pk).update(state=UploadState.ABORTED)
    assert work_off(final).state == UploadState.FAILED
    assert ("failed", final.pk) in listener.told
    assert "Send the file again" in final.reason


def test_a_completion_that_a_dead_process_owed_is_made_up_for(tus: Speaker) -> None:
    path = tus.send(CONTENT)
    upload = upload_at(path)
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.RECEIVING, completed_at=None, due_at=None)
    sweeping.sweep()
    upload.refresh_from_db()
    assert upload.state == UploadState.PUSHING


def test_of_two_workers_that_join_one_upload_the_slower_gives_way(tus: Speaker) -> None:
    """One that the store kept waiting is taken for lost; both come to enter the same part."""
    one = partial(tus, b"abc")
    final = upload_at(join(tus, [one]))
    put = concatenation._Put(number=1, end=3, size=3, sha256=sha256(b"abc"), etag='"e"')
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        concatenation._record(final, put)
        slower = behind_us(pool, lambda: concatenation._record(final, put))
    with pytest.raises(Conflict):
        slower.result(10)
    assert Part.objects.get(upload=final).state == PartState.PUSHED


def claimed(final: Upload) -> Upload:
    Upload.objects.filter(pk=final.pk).update(claimed_at=timezone.now())
    final.refresh_from_db()
    return final


def test_an_empty_partial_upload_keeps_nobody_waiting(tus: Speaker) -> None:
    """Nobody asks how far it is: it is whole from the start."""
    paths = [partial(tus, b"abc"), tus.create(0, Upload_Concat="partial")]
    final = upload_at(join(tus, paths))
    for path in paths:
        work_off(upload_at(path))
    assert work_off(final).state == UploadState.STORED
    assert content_in_store(final) == b"abc"


def test_what_the_store_lost_of_a_final_upload_is_made_once_more(tus: Speaker) -> None:
    """There is no sender to ask for it: the sweep has to come back."""
    one = partial(tus, CONTENT)
    final = upload_at(join(tus, [one]))
    work_off(upload_at(one))
    concatenation.gather(claimed(final))
    final.refresh_from_db()
    store().abandon(final.storage_key, final.multipart_id)
    Upload.objects.filter(pk=final.pk).update(claimed_at=None)
    assert work_off(final).state == UploadState.PUSHING
    assert set(final.parts.values_list("state", flat=True)) == {PartState.MISSING}
    sweeping.wake_finishes()
    final.refresh_from_db()
    assert final.due_at is not None
    assert final.due_at > timezone.now()
    assert work_off(final).state == UploadState.STORED
    assert content_in_store(final) == CONTENT


def test_a_partial_upload_that_is_taken_at_this_moment_is_not_removed(tus: Speaker, gateway: Gateway) -> None:
    one = partial(tus, b"abc")
    first = upload_at(join(tus, [one]))
    work_off(upload_at(one))
    Upload.objects.filter(pk=first.pk).update(state=UploadState.FAILED)
    source = upload_at(one)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        again = concatenation.begin(proved(gateway.world.sender), [one.removeprefix(TUS)], FileFacts())
        removing = behind_us(pool, lambda: concatenation.dissolve(first))
    removing.result(10)
    source.refresh_from_db()
    assert source.state == UploadState.VERIFYING
    assert work_off(again).state == UploadState.STORED
