"""The doors over HTTP: JSON for programs, each refusal with its code and a sentence, nothing for strangers."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User, UserState
from core.policies import refused
from tests.transfers.conftest import PART, Policy, actor_of
from tests.transfers.sending import files_in, new_upload, push_all, random_bytes, send, send_all, sha256, store_all
from transfers.digests import content_digest
from transfers.models import Part, Upload, UploadState
from transfers.services import finishing, tokens, uploads

CONTENT = random_bytes(PART + 3)
JSON = {"Accept": "application/json"}
both_forms = pytest.mark.parametrize("in_file", [False, True], ids=["by number", "in the file"])


@pytest.fixture
def pages(client: Client, sender: User) -> Client:
    client.force_login(sender)
    return client


@pytest.fixture
def upload_pool(settings: LazySettings) -> Client:
    settings.ROOT_URLCONF = "mag_portal.urls_uploads"
    settings.MIDDLEWARE = settings.UPLOADS_MIDDLEWARE
    return Client(raise_request_exception=False)


@pytest.fixture
def upload(sender: User) -> Upload:
    return new_upload(actor_of(sender), CONTENT)


@pytest.fixture
def bearer(sender: User, upload: Upload) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.grant(actor_of(sender), upload=upload).secret}"}


def address(upload: Upload | UUID, door: str = "") -> str:
    return f"/transfers/uploads/{upload.id if isinstance(upload, Upload) else upload}/{door}"


def create(client: Client, **changes: object) -> Any:
    document = {"subject": str(uuid4()), "name": "part.step", "path": "a/b", "size": len(CONTENT), "last_modified": 7}
    return client.post("/transfers/uploads/", {**document, **changes}, content_type="application/json", headers=JSON)


def put(
    client: Client,
    upload: Upload,
    number: int,
    body: bytes,
    headers: dict[str, str],
    *,
    in_file: bool = False,
    **changes: str,
) -> Any:
    """A part by its number or, ``in_file``, the same by where it lies in the file."""
    said = {"Content-Digest": content_digest(sha256(body)), **headers}
    if in_file:
        first = (number - 1) * PART
        said["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{upload.size}"
    door = address(upload, "parts/" if in_file else f"parts/{number}/")
    return client.put(door, body, content_type="application/octet-stream", headers={**said, **changes})


def test_creating_answers_with_all_a_sender_needs(pages: Client, settings: LazySettings) -> None:
    answer = create(pages)
    document = answer.json()
    upload = Upload.objects.get()
    assert answer.status_code == 201
    assert document["id"] == str(upload.id)
    assert (document["size"], document["part_size"], document["part_count"]) == (len(CONTENT), PART, 2)
    assert (document["name"], document["path"], document["last_modified"]) == ("part.step", "a/b", 7)
    assert (document["state"], document["parts"], document["origins"]) == ("receiving", [], settings.UPLOAD_ORIGINS)
    assert len(document["token"]) == 43


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"subject": "x"}, 422, "subject"),
        ({"subject": 7}, 422, "subject"),
        ({"name": None}, 422, "name"),
        ({"name": "a/b"}, 422, "name"),
        ({"path": 7}, 422, "path"),
        ({"size": "12"}, 422, "size"),
        ({"size": -1}, 422, "size"),
        ({"size": True}, 422, "size"),
        ({"size": 1.5}, 422, "size"),
        ({"size": 2**63}, 422, "size"),
        ({"last_modified": "today"}, 422, "last_modified"),
        ({"size": 2**62}, 413, None),
    ],
)
def test_a_wrong_field_is_named(pages: Client, changes: dict[str, object], status: int, field: str | None) -> None:
    answer = create(pages, **changes)
    assert answer.status_code == status
    assert list(answer.json().get("fields", {})) == ([field] if field else [])
    assert not Upload.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'"' + b"x" * 2**20 + b'"'])
def test_what_is_no_document_is_refused(pages: Client, body: bytes) -> None:
    answer = pages.post("/transfers/uploads/", body, content_type="application/json", headers=JSON)
    assert answer.status_code in {413, 422}
    assert answer.json()["message"]


def test_the_policy_s_reason_is_told(pages: Client, policy: Policy) -> None:
    policy.decision = refused("This package has been sent.")
    answer = create(pages)
    assert (answer.status_code, answer.json()["message"]) == (403, "This package has been sent.")


def test_who_has_not_signed_in_is_told_so_as_a_program(client: Client, upload: Upload) -> None:
    for answer in (create(client), client.get(address(upload), headers=JSON), client.delete(address(upload))):
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


def test_a_form_of_another_site_creates_nothing(sender: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(sender)
    assert create(strict).status_code == 403
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("method", "door"), [("get", ""), ("delete", ""), ("post", "token/"), ("post", "complete/")])
def test_somebody_elses_upload_is_not_there(
    client: Client, stranger: User, upload: Upload, method: str, door: str
) -> None:
    client.force_login(stranger)
    answer = getattr(client, method)(address(upload, door), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert getattr(client, method)(address(uuid4(), door), headers=JSON).json()["message"] == answer.json()["message"]


def test_the_ledger_says_which_parts_are_here(pages: Client, sender: User, upload: Upload) -> None:
    send(actor_of(sender), upload, CONTENT, 2)
    document = pages.get(address(upload)).json()
    assert document["parts"] == [{"number": 2, "size": 3, "sha256": sha256(CONTENT[PART:]), "state": "staged"}]
    assert "parts" not in pages.get(address(upload) + "?parts=none").json()


def test_completing_early_says_what_is_missing(pages: Client, sender: User, upload: Upload) -> None:
    send(actor_of(sender), upload, CONTENT, 2)
    answer = pages.post(address(upload, "complete/"), headers=JSON)
    assert (answer.status_code, answer.json()["code"], answer.json()["missing"]) == (409, "parts_missing", [1])


def test_completing_again_is_answered_again(pages: Client, sender: User, upload: Upload) -> None:
    send_all(actor_of(sender), upload, CONTENT)
    first, second = (pages.post(address(upload, "complete/")) for _ in range(2))
    assert (first.status_code, first.json()["state"]) == (202, "pushing")
    assert (second.status_code, second.json()) == (202, first.json())
    push_all(upload)
    finishing.finish_upload(upload.id)
    third = pages.post(address(upload, "complete/"))
    assert (third.status_code, third.json()["sha256"]) == (200, sha256(CONTENT))


def test_giving_up_twice_is_fine_and_a_stored_file_stays(pages: Client, sender: User, upload: Upload) -> None:
    assert [pages.delete(address(upload)).status_code for _ in range(2)] == [204, 204]
    stored = store_all(actor_of(sender), new_upload(actor_of(sender), CONTENT), CONTENT)
    answer = pages.delete(address(stored))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_stored")


def test_another_token_can_be_fetched_until_the_upload_ends(pages: Client, sender: User, upload: Upload) -> None:
    answer = pages.post(address(upload, "token/"))
    assert (answer.status_code, len(answer.json()["token"])) == (201, 43)
    uploads.abort(actor_of(sender), upload=upload)
    assert pages.post(address(upload, "token/")).status_code == 409


@pytest.mark.parametrize(("method", "door"), [("put", ""), ("get", "token/"), ("get", "complete/"), ("patch", "")])
def test_another_method_is_refused(pages: Client, upload: Upload, method: str, door: str) -> None:
    answer = getattr(pages, method)(address(upload, door))
    assert answer.status_code == 405
    assert answer["Allow"]


@both_forms
def test_a_part_is_acknowledged_once_and_again(
    *, upload_pool: Client, upload: Upload, bearer: dict[str, str], in_file: bool
) -> None:
    first = put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=in_file)
    again = put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=not in_file)
    expected = {"number": 2, "start": 0, "size": 3, "sha256": sha256(CONTENT[PART:]), "state": "staged"}
    assert (first.status_code, first.json()) == (201, expected)
    assert (again.status_code, again.json()) == (200, expected)


@both_forms
@pytest.mark.parametrize(
    ("number", "body", "changes", "status", "code"),
    [
        (2, b"abc", {"Content-Digest": content_digest(sha256(b"abd"))}, 422, "digest_mismatch"),
        (2, b"abc", {"Content-Digest": ""}, 422, "digest_required"),
        (2, b"abc", {"Content-Digest": "sha-512=:aGVsbG8=:"}, 422, "digest_required"),
        (2, b"abc", {"Content-Digest": "sha-256=abc"}, 422, "digest_malformed"),
        (2, b"abc", {"Content-Digest": "sha-256=:aGVsbG8=:"}, 422, "digest_malformed"),
        (2, b"abc", {"Content-Digest": "sha-256=:a:"}, 422, "digest_malformed"),
        (2, b"abcd", {}, 422, "wrong_length"),
        (3, b"abc", {}, 422, "part_out_of_range"),
        (10**12, b"abc", {}, 422, "part_out_of_range"),
        (2, b"abc", {"Authorization": ""}, 401, "sign_in_required"),
        (2, b"abc", {"Authorization": "Basic abc"}, 401, "sign_in_required"),
        (2, b"abc", {"Authorization": "Bearer abc"}, 401, "token_unknown"),
    ],
)
def test_a_wrong_part_is_refused_and_not_kept(
    *,
    upload_pool: Client,
    upload: Upload,
    bearer: dict[str, str],
    staging: Any,
    number: int,
    body: bytes,
    changes: dict[str, str],
    status: int,
    code: str,
    in_file: bool,
) -> None:
    answer = put(upload_pool, upload, number, body, bearer, in_file=in_file, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"].endswith((".", ".>:."))
    assert not Part.objects.exists()
    assert not staging.exists() or files_in(staging) == []


@pytest.mark.parametrize(
    ("number", "code"), [(0, "part_out_of_range"), (1, "wrong_length"), (10**30, "part_out_of_range")]
)
def test_a_part_by_its_number_is_one_that_the_file_has(
    *, upload_pool: Client, upload: Upload, bearer: dict[str, str], number: int, code: str
) -> None:
    answer = put(upload_pool, upload, number, b"abc", bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (f"bytes {PART}-{PART + 2}/{PART + 3}", 201, None),
        ("", 422, "range_required"),
        (f"{PART}-{PART + 2}/{PART + 3}", 422, "range_malformed"),
        (f"bytes {PART}-{PART + 2}/*", 422, "range_malformed"),
        (f"bytes {PART}-{PART + 1}/{PART + 3}", 422, "wrong_length"),
        (f"bytes {PART}-{PART + 2}/{PART + 4}", 422, "wrong_length"),
        (f"bytes {PART + 1}-{PART + 3}/{PART + 3}", 422, "wrong_length"),
        (f"bytes {PART - 1}-{PART + 1}/{PART + 3}", 422, "wrong_length"),
        (f"bytes {PART + 3}-{PART + 5}/{PART + 3}", 422, "part_out_of_range"),
    ],
)
def test_a_range_of_the_file_is_all_of_one_part(
    *, upload_pool: Client, upload: Upload, bearer: dict[str, str], staging: Any, said: str, status: int, code: str
) -> None:
    answer = put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=True, **{"Content-Range": said})
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert Part.objects.exists() == (status == 201)
    assert len(files_in(staging)) == (status == 201) if staging.exists() else status != 201


def test_a_range_in_the_middle_of_a_part_is_a_piece_of_it(
    upload_pool: Client, upload: Upload, bearer: dict[str, str]
) -> None:
    said = {"Content-Range": f"bytes {PART + 1}-{PART + 1}/{PART + 3}"}
    answer = put(upload_pool, upload, 2, CONTENT[PART + 1 : PART + 2], bearer, in_file=True, **said)
    assert answer.status_code == 201
    found = answer.json()
    assert [found[name] for name in ("number", "start", "size", "state")] == [2, 1, 1, "partial"]


def test_other_digests_beside_ours_do_not_disturb(upload_pool: Client, upload: Upload, bearer: dict[str, str]) -> None:
    both = f"sha-512=:AAAA:, {content_digest(sha256(CONTENT[PART:]))}"
    assert (
        put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=False, **{"Content-Digest": both}).status_code
        == 201
    )


def test_a_part_without_length_is_refused(upload_pool: Client, upload: Upload, bearer: dict[str, str]) -> None:
    headers = {**bearer, "Content-Digest": content_digest(sha256(b"abc"))}
    answer = upload_pool.generic("PUT", address(upload, "parts/2/"), b"", headers=headers, CONTENT_LENGTH="")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


@both_forms
def test_a_token_of_another_upload_opens_nothing(
    *, upload_pool: Client, sender: User, upload: Upload, bearer: dict[str, str], in_file: bool
) -> None:
    other = new_upload(actor_of(sender), CONTENT)
    assert put(upload_pool, other, 2, CONTENT[PART:], bearer, in_file=in_file).status_code == 404
    assert put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=in_file).status_code == 201


@both_forms
def test_a_suspended_sender_s_token_is_worth_nothing(
    *, upload_pool: Client, sender: User, upload: Upload, bearer: dict[str, str], in_file: bool
) -> None:
    User.objects.filter(pk=sender.pk).update(state=UserState.SUSPENDED)
    assert put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=in_file).status_code == 401


@both_forms
def test_a_session_opens_no_part_door(
    *, upload_pool: Client, sender: User, upload: Upload, bearer: dict[str, str], in_file: bool
) -> None:
    upload_pool.force_login(sender)
    assert put(upload_pool, upload, 2, CONTENT[PART:], {}, in_file=in_file).status_code == 401


@both_forms
def test_a_changed_file_and_an_ended_upload_are_told_apart(
    *, upload_pool: Client, sender: User, upload: Upload, bearer: dict[str, str], in_file: bool
) -> None:
    put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=in_file)
    assert put(upload_pool, upload, 2, b"xyz", bearer, in_file=in_file).json()["code"] == "part_differs"
    uploads.abort(actor_of(sender), upload=upload)
    assert put(upload_pool, upload, 1, CONTENT[:PART], bearer, in_file=in_file).json()["code"] == "upload_ended"
    assert Upload.objects.get().state == UploadState.ABORTED


@both_forms
def test_a_full_node_says_when_to_come_back(
    *, upload_pool: Client, upload: Upload, bearer: dict[str, str], settings: LazySettings, in_file: bool
) -> None:
    settings.STAGING_QUOTA_BYTES = 2
    answer = put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=in_file)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "staging_full", "5")


@both_forms
@pytest.mark.parametrize(("origin", "allowed"), [("https://mag.example", True), ("https://evil.example", False)])
def test_only_our_own_pages_may_send_from_a_browser(
    *,
    upload_pool: Client,
    upload: Upload,
    bearer: dict[str, str],
    settings: LazySettings,
    origin: str,
    allowed: bool,
    in_file: bool,
) -> None:
    settings.BASE_URL = "https://mag.example/"
    door = address(upload, "parts/" if in_file else "parts/2/")
    preflight = upload_pool.options(door, headers={"Origin": origin})
    sent = put(upload_pool, upload, 2, CONTENT[PART:], bearer, in_file=in_file, Origin=origin)
    refused_one = put(upload_pool, upload, 9, b"abc", bearer, in_file=in_file, Origin=origin)
    elsewhere = upload_pool.get("/nowhere", headers={"Origin": origin})
    for answer, status in ((preflight, 204), (sent, 201), (refused_one, 422), (elsewhere, 404)):
        assert answer.status_code == status
        assert answer.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert "Access-Control-Allow-Credentials" not in answer
        assert "Origin" in answer["Vary"]
    asked_for = {"Authorization", "Content-Digest", "Content-Range", "Content-Type"}
    assert asked_for <= set(preflight["Access-Control-Allow-Headers"].split(", "))


def test_the_uploads_pool_has_no_pages(upload_pool: Client, db: None) -> None:
    assert upload_pool.get("/healthz").json() == {"status": "ok"}
    for path in ("/", "/sign-in/", "/admin/", "/transfers/uploads/"):
        answer = upload_pool.get(path)
        assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")
