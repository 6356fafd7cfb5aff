"""What a part costs beside its bytes. More statements for each part are noticed here, not in production."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.transfers.conftest import PART, actor_of
from tests.transfers.sending import new_upload, random_bytes, sha256
from transfers.digests import content_digest
from transfers.services import tokens

CONTENT = random_bytes(2 * PART)
# Token, upload with owner, part; savepoint, upload, part, pieces, insert, release.
MOST = 9


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
