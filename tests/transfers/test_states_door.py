"""Asking after many uploads at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from tests.transfers.conftest import PART, actor_of
from tests.transfers.sending import new_upload, random_bytes, sha256, store_all
from transfers.views.states import MOST_AT_ONCE

CONTENT = random_bytes(PART + 1)


def ask(client: Client, document: object) -> Any:
    return client.post("/transfers/uploads/states/", document, content_type="application/json")


def test_many_uploads_are_asked_after_at_once(client: Client, sender: User, stranger: User) -> None:
    client.force_login(sender)
    begun, stored = (new_upload(actor_of(sender), CONTENT) for _ in range(2))
    somebody_elses = new_upload(actor_of(stranger), CONTENT)
    store_all(actor_of(sender), stored, CONTENT)
    answer = ask(client, {"ids": [str(upload.id) for upload in (begun, stored, somebody_elses)] + [str(uuid4())]})
    assert answer.status_code == 200
    assert {entry.pop("id"): entry for entry in answer.json()["uploads"]} == {
        str(begun.id): {"state": "receiving", "scan": "", "reason": "", "sha256": ""},
        str(stored.id): {"state": "stored", "scan": "no_scanner", "reason": "", "sha256": sha256(CONTENT)},
    }


@pytest.mark.parametrize("ids", [None, "all", {}, [1], [None], ["1"], [str(uuid4())] * (MOST_AT_ONCE + 1)])
def test_what_is_no_list_of_ids_is_refused(client: Client, sender: User, ids: object) -> None:
    client.force_login(sender)
    refused = ask(client, {"ids": ids})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert refused.json()["fields"]["ids"]


def test_a_visitor_is_told_to_sign_in(client: Client, db: None) -> None:
    assert ask(client, {"ids": []}).status_code == 401
