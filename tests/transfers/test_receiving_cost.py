"""What a part costs beside its bytes. More statements for each part are noticed here, not in production."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.sft import world as worlds
from tests.transfers.conftest import PART, actor_of
from tests.transfers.sending import new_upload, random_bytes, sha256
from tests.transfers.tus.conftest import token_of
from transfers.digests import content_digest
from transfers.services import tokens

CONTENT = random_bytes(2 * PART)
# Token, upload with owner, part; savepoint, upload, part, pieces, insert, release.
MOST = 9
# Token, membership, rule on second factors, upload; writer, upload, pieces, parts; and as above, with the writer's leaving.
MOST_OF_TUS = 15


@pytest.fixture
def bearer(db: None) -> str:
    """Made while there are pages, which the mail about it names."""
    return f"Bearer {token_of(worlds.build().sender)}"


@pytest.fixture
def upload_pool(settings: LazySettings) -> Client:
    settings.ROOT_URLCONF = "mag_portal.urls_uploads"
    settings.MIDDLEWARE = settings.UPLOADS_MIDDLEWARE
    return Client()


def test_a_part_takes_no_more_than_nine_statements(upload_pool: Client, sender: User) -> None:
    actor = actor_of(sender)
    upload = new_upload(actor, CONTENT)
    bearer = f"Bearer {tokens.grant(actor, upload=upload).secret}"

    def put(number: int) -> int:
        body = CONTENT[(number - 1) * PART : number * PART]
        said = {"Authorization": bearer, "Content-Digest": content_digest(sha256(body))}
        return upload_pool.put(f"/transfers/uploads/{upload.id}/parts/{number}/", body, headers=said).status_code

    assert put(1) == 201
    with CaptureQueriesContext(connection) as statements:
        assert put(2) == 201
    assert len(statements) <= MOST, [statement["sql"][:80] for statement in statements]


def test_a_part_by_tus_takes_no_more_than_fifteen_statements(bearer: str, upload_pool: Client) -> None:
    said = {"Authorization": bearer, "Tus-Resumable": "1.0.0"}
    length = str(len(CONTENT) + 1)
    created = upload_pool.generic("POST", "/transfers/tus/", headers={**said, "Upload-Length": length})
    assert created.status_code == 201, created.content
    path = created.headers["Location"]

    def patch(number: int) -> int:
        body = CONTENT[(number - 1) * PART : number * PART]
        offset = {"Upload-Offset": str((number - 1) * PART)}
        return upload_pool.patch(path, body, "application/offset+octet-stream", headers={**said, **offset}).status_code

    assert patch(1) == 204
    with CaptureQueriesContext(connection) as statements:
        assert patch(2) == 204
    assert len(statements) <= MOST_OF_TUS, [statement["sql"][:80] for statement in statements]
