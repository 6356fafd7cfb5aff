"""The direct door: parts straight into the store, by addresses that take nothing else, believed when the store says so."""

from __future__ import annotations

import http.client
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from core.actor import Actor
from core.policies import refused
from tests.transfers.conftest import PART, Policy, actor_of
from tests.transfers.sending import content_in_store, piece, random_bytes, sha256
from transfers import queries
from transfers.models import Door, Part, PartState, Upload, UploadState
from transfers.services import cleaning, direct, finishing, tokens, uploads
from transfers.services.direct import Promise
from transfers.storage import NoSuchMultipart, Presigned, bucket_rules, forget_clients, store

CONTENT = random_bytes(PART + 3)
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def public(settings: LazySettings) -> Iterator[None]:
    """Browsers reach the store of the tests at its own address."""
    settings.S3_PUBLIC_ENDPOINT_URL = settings.S3_ENDPOINT_URL
    forget_clients()
    yield
    forget_clients()


@pytest.fixture
def pages(client: Client, sender: User) -> Client:
    client.force_login(sender)
    return client


def begin(actor: Actor, size: int = len(CONTENT)) -> Upload:
    return uploads.create(actor, subject=uuid4(), name="drawing.step", size=size, door=Door.DIRECT)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return begin(actor)


def promises(upload: Upload, *numbers: int, content: bytes = CONTENT) -> list[Promise]:
    return [Promise(number, sha256(piece(upload, content, number))) for number in numbers]


def put(url: str, headers: dict[str, str], body: bytes, method: str = "PUT") -> http.client.HTTPResponse:
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        line.request(method, f"{parts.path}?{parts.query}", body=body or None, headers=headers)
        answer = line.getresponse()
        answer.read()
        return answer
    finally:
        line.close()


def bring(upload: Upload, number: int, address: Presigned, content: bytes = CONTENT) -> int:
    return put(address.url, dict(address.headers), piece(upload, content, number)).status


def send(actor: Actor, upload: Upload, *numbers: int) -> None:
    """Promise these parts and bring them to the store."""
    found = direct.promise(actor, upload=upload, parts=promises(upload, *numbers))
    assert [bring(upload, number, address) for number, address in found.by_number.items()] == [200] * len(numbers)


def complete(actor: Actor, upload: Upload) -> Upload | None:
    uploads.complete(actor, upload=Upload.objects.get(pk=upload.pk))
    return finishing.finish_upload(upload.id)


def states(upload: Upload) -> dict[int, str]:
    return dict(Part.objects.filter(upload=upload).values_list("number", "state"))


def ask(client: Client, upload: Upload, document: object = None, **headers: str) -> Any:
    wanted = {"parts": [{"number": each.number, "sha256": each.sha256} for each in promises(upload, 1, 2)]}
    return client.post(
        f"/transfers/uploads/{upload.id}/addresses/",
        wanted if document is None else document,
        content_type="application/json",
        headers={**JSON, **headers},
    )


# --- The way of a file ------------------------------------------------------------------------------------------------


def test_a_file_goes_straight_to_the_store_and_is_verified_like_any_other(pages: Client, sender: User) -> None:
    document = {"subject": str(uuid4()), "name": "part.step", "size": len(CONTENT), "door": "direct"}
    created = pages.post("/transfers/uploads/", document, content_type="application/json").json()
    upload = Upload.objects.get()
    assert (created["door"], upload.multipart_id) == ("direct", "")
    answer = ask(pages, upload)
    assert answer.status_code == 200
    assert answer.json()["present"] == []
    for row in answer.json()["addresses"]:
        assert row.keys() == {"number", "url", "headers", "expires_at"}
        assert put(row["url"], row["headers"], piece(upload, CONTENT, row["number"])).status == 200
    assert states(upload) == {1: "promised", 2: "promised"}
    assert pages.post(f"/transfers/uploads/{upload.id}/complete/").json()["state"] == "pushing"
    assert list(queries.ready_to_assemble()) == [upload]
    stored = finishing.finish_upload(upload.id)
    assert stored is not None
    assert (stored.state, stored.sha256) == (UploadState.STORED, sha256(CONTENT))
    assert content_in_store(stored) == CONTENT
    assert states(upload) == {1: "pushed", 2: "pushed"}


def test_an_empty_file_needs_no_address(actor: Actor) -> None:
    upload = begin(actor, size=0)
    stored = complete(actor, upload)
    assert stored is not None
    assert stored.size == 0


def test_the_relay_is_answered_where_browsers_cannot_reach_the_store(pages: Client, settings: LazySettings) -> None:
    document = {"subject": str(uuid4()), "name": "part.step", "size": 3}
    doors = []
    for default, public, wish in (
        ("parts", settings.S3_ENDPOINT_URL, {}),
        ("direct", settings.S3_ENDPOINT_URL, {}),
        ("direct", settings.S3_ENDPOINT_URL, {"door": "parts"}),
        ("parts", "", {"door": "direct"}),
    ):
        settings.UPLOAD_DOOR, settings.S3_PUBLIC_ENDPOINT_URL = default, public
        answer = pages.post("/transfers/uploads/", {**document, **wish}, content_type="application/json")
        doors.append(answer.json()["door"])
    assert doors == ["parts", "direct", "parts", "parts"]
    wrong = pages.post("/transfers/uploads/", {**document, "door": "tus"}, content_type="application/json")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["door"])


def test_a_break_is_gone_on_from_without_sending_again_what_is_there(
    pages: Client, actor: Actor, upload: Upload
) -> None:
    send(actor, upload, 1)
    direct.promise(actor, upload=upload, parts=promises(upload, 2))
    answer = ask(pages, upload).json()
    assert (answer["present"], [row["number"] for row in answer["addresses"]]) == ([1], [2])
    (row,) = answer["addresses"]
    assert put(row["url"], row["headers"], piece(upload, CONTENT, 2)).status == 200
    assert complete(actor, upload)


def test_a_promise_is_no_acknowledgement(actor: Actor, upload: Upload) -> None:
    direct.promise(actor, upload=upload, parts=promises(upload, 1, 2))
    assert queries.progress([upload.id])[upload.id].bytes == 0
    assert queries.contiguous_bytes(upload) == 0


# --- What the store does not hold -------------------------------------------------------------------------------------


def test_a_promised_part_that_never_came_is_asked_for(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1)
    direct.promise(actor, upload=upload, parts=promises(upload, 2))
    assert complete(actor, upload) is None
    assert Upload.objects.get().state == UploadState.RECEIVING
    assert states(upload) == {1: PartState.PUSHED, 2: PartState.MISSING}
    send(actor, Upload.objects.get(), 2)
    assert complete(actor, upload)
    assert content_in_store(upload) == CONTENT


def test_a_store_that_lost_everything_is_given_everything_again(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1, 2)
    store().abandon(upload.storage_key, Upload.objects.get().multipart_id)
    assert complete(actor, upload) is None
    reopened = Upload.objects.get()
    assert (reopened.state, reopened.multipart_id) == (UploadState.RECEIVING, "")
    assert set(states(upload).values()) == {PartState.MISSING}
    send(actor, reopened, 1, 2)
    assert complete(actor, upload)
    assert content_in_store(upload) == CONTENT


def test_a_store_that_lost_everything_before_the_end_is_given_everything_again(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1)
    store().abandon(upload.storage_key, Upload.objects.get().multipart_id)
    send(actor, Upload.objects.get(), 1, 2)
    assert complete(actor, upload)
    assert content_in_store(upload) == CONTENT


def put_behind_our_back(actor: Actor, upload: Upload, number: int, body: bytes) -> None:
    """What no address would have taken."""
    direct.promise(actor, upload=upload, parts=promises(upload, number))
    key, multipart_id = upload.storage_key, Upload.objects.get().multipart_id
    store().put_part(key, multipart_id, number, io.BytesIO(body), size=len(body), sha256=sha256(body))


def test_a_part_of_another_length_is_asked_for_again(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1)
    put_behind_our_back(actor, upload, 2, b"more than that")
    assert complete(actor, upload) is None
    assert states(upload)[2] == PartState.MISSING
    send(actor, Upload.objects.get(), 2)
    assert complete(actor, upload)
    assert content_in_store(upload) == CONTENT


def test_other_bytes_of_the_same_length_are_never_stored(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1)
    put_behind_our_back(actor, upload, 2, b"abc")
    assert complete(actor, upload) is None
    Upload.objects.update(attempts=finishing.REFUSALS)
    assert finishing.finish_upload(upload.id) is None
    assert Upload.objects.get().state == UploadState.FAILED


def test_a_worker_that_died_after_the_store_had_put_it_together_is_recognised(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1, 2)
    uploads.complete(actor, upload=upload)
    direct.reconcile(Upload.objects.get())
    current = Upload.objects.get()
    store().assemble(current.storage_key, current.multipart_id, finishing._ledger(current))
    direct.reconcile(current)
    assert finishing.finish_upload(upload.id)
    assert content_in_store(upload) == CONTENT


def test_reconciling_changes_nothing_before_the_sender_says_that_it_is_complete(actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1)
    direct.reconcile(Upload.objects.get())
    assert states(upload) == {1: PartState.PROMISED}


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_another_content_at_the_same_number_is_a_changed_file(pages: Client, actor: Actor, upload: Upload) -> None:
    send(actor, upload, 1)
    other = {"parts": [{"number": 1, "sha256": sha256(b"other")}]}
    answer = ask(pages, upload, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "part_differs")
    Part.objects.update(state=PartState.MISSING)
    assert ask(pages, upload, other).status_code == 409


DIGEST = "0" * 64


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        {},
        ["1"],
        [{"number": 1}],
        [{"number": "1", "sha256": DIGEST}],
        [{"number": True, "sha256": DIGEST}],
        [{"number": 1, "sha256": DIGEST.replace("0", "G")}],
        [{"number": 1, "sha256": DIGEST[1:]}],
        [{"number": 1, "sha256": DIGEST}] * 2,
        [{"number": 0, "sha256": DIGEST}],
        [{"number": 3, "sha256": DIGEST}],
        [{"number": number, "sha256": DIGEST} for number in range(1, 102)],
    ],
)
def test_what_is_no_list_of_parts_is_refused(pages: Client, upload: Upload, parts: object) -> None:
    answer = ask(pages, upload, {"parts": parts})
    assert answer.status_code == 422
    assert not Part.objects.exists()


def test_an_upload_of_another_door_has_no_addresses(pages: Client, actor: Actor, upload: Upload) -> None:
    assert ask(pages, upload).status_code == 200
    Upload.objects.update(door=Door.PARTS)
    answer = ask(pages, upload)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_door")


def test_the_policy_is_asked_with_each_lot(pages: Client, upload: Upload, policy: Policy) -> None:
    assert ask(pages, upload).status_code == 200
    policy.decision = refused("This package has been sent.")
    answer = ask(pages, upload)
    assert (answer.status_code, answer.json()["message"]) == (403, "This package has been sent.")


def test_an_upload_that_has_ended_has_no_addresses_and_its_old_ones_are_dead(
    pages: Client, actor: Actor, upload: Upload
) -> None:
    address = direct.promise(actor, upload=upload, parts=promises(upload, 1)).by_number[1]
    multipart_id = Upload.objects.get().multipart_id
    assert pages.delete(f"/transfers/uploads/{upload.id}/").status_code == 204
    assert cleaning.clean_up(upload.id)
    with pytest.raises(NoSuchMultipart):
        list(store().parts(upload.storage_key, multipart_id))
    assert bring(upload, 1, address) == 404
    answer = ask(pages, upload)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_ended")


def test_a_store_that_does_not_answer_is_told_with_when_to_come_back(
    pages: Client, upload: Upload, settings: LazySettings
) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    answer = ask(pages, upload)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert not Part.objects.exists()


def test_only_its_owner_and_its_own_token_get_addresses(
    client: Client, actor: Actor, stranger: User, upload: Upload
) -> None:
    own = tokens.grant(actor, upload=upload).secret
    assert ask(client, upload, Authorization=f"Bearer {own}").status_code == 200
    assert ask(client, upload).status_code == 401
    other = begin(actor_of(stranger))
    elses = tokens.grant(actor_of(stranger), upload=other).secret
    assert ask(client, upload, Authorization=f"Bearer {elses}").status_code == 404
    client.force_login(stranger)
    assert ask(client, upload).status_code == 404


# --- Browsers ---------------------------------------------------------------------------------------------------------


def test_only_the_pages_of_the_gateway_may_send_from_a_browser(
    actor: Actor, settings: LazySettings, upload: Upload
) -> None:
    bucket = f"mag-{uuid4().hex[:12]}"
    Upload.objects.update(bucket=bucket)
    address = direct.promise(actor, upload=Upload.objects.get(), parts=promises(upload, 1)).by_number[1]
    assert [finding.standing for finding in store(bucket).configure(bucket_rules())] == ["is as wanted"] * 2
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-amz-checksum-sha256"}
    ours = put(address.url, {**asked, "Origin": settings.BASE_URL}, b"", "OPTIONS")
    assert (ours.status, ours.headers["Access-Control-Allow-Origin"]) == (200, settings.BASE_URL)
    assert "x-amz-checksum-sha256" in ours.headers["Access-Control-Allow-Headers"]
    assert put(address.url, {**asked, "Origin": "https://evil.example"}, b"", "OPTIONS").status == 403
