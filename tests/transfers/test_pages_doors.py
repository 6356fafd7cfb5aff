"""The doors of the pages pool for browsers and programs: who is let in by what, and the list of what is one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Scope, Session, User
from accounts.proofs import Proof
from accounts.services import access_tokens, limits
from core.actor import Actor
from tests.sft import world as sft_world
from tests.transfers.conftest import actor_of
from tests.transfers.sending import new_upload
from transfers.models import Concat, Upload, UploadState
from transfers.services import uploads

UPLOADS = "/transfers/uploads/"


@pytest.fixture
def sender(db: None) -> User:
    """Somebody who may sign in: access tokens ask for that with every use."""
    return sft_world.build().sender.user


@pytest.fixture
def secret(sender: User) -> str:
    actor = actor_of(sender).at(ip=None, request_id="", proofs=frozenset({Proof.PASSWORD, Proof.PASSKEY}))
    return access_tokens.create(actor, user=sender, name="Build server", scopes=[Scope.FILES_SEND])[1]


@pytest.fixture
def strict() -> Client:
    """A client that is checked for CSRF, as browsers are."""
    return Client(enforce_csrf_checks=True, headers={"Accept": "application/json"})


def create(client: Client, **headers: str) -> Any:
    document = {"name": "part.step", "size": 3}
    return client.post(UPLOADS, document, content_type="application/json", headers=headers)


# --- Who is let in ----------------------------------------------------------------------------------------------------


def test_a_program_creates_completes_and_gives_up_with_nothing_but_its_token(strict: Client, secret: str) -> None:
    bearer = {"Authorization": f"Bearer {secret}"}
    created = create(strict, **bearer)
    assert created.status_code == 201
    address = f"{UPLOADS}{created.json()['id']}/"
    assert strict.get(address, headers=bearer).json()["parts"] == []
    assert strict.post(f"{address}token/", headers=bearer).status_code == 201
    assert strict.post(f"{address}complete/", headers=bearer).json()["missing"] == [1]
    states = strict.post(
        f"{UPLOADS}states/", {"ids": [created.json()["id"]]}, content_type="application/json", headers=bearer
    )
    assert states.json()["uploads"][0]["state"] == "receiving"
    assert strict.delete(address, headers=bearer).status_code == 204
    assert not Session.objects.exists()


def test_a_session_alone_needs_the_token_of_its_page(strict: Client, sender: User) -> None:
    assert create(strict).status_code == 401
    strict.force_login(sender)
    assert create(strict).json()["code"] == "stale_form"
    assert strict.get(UPLOADS).status_code == 200
    assert not Upload.objects.exists()


def test_a_token_decides_alone_and_leaves_the_session_beside_it_untouched(
    client: Client, stranger: User, sender: User, secret: str
) -> None:
    client.force_login(stranger)
    client.get(UPLOADS)
    (before,) = Session.objects.values("session_key", "last_seen_at", "expire_date")
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        answer = create(client, Authorization=f"Bearer {secret}")
        assert (answer.status_code, Upload.objects.get().owner) == (201, sender)
        assert not answer.cookies
        wrong = create(client, Authorization="Bearer mag_" + "x" * 49)
        assert (wrong.status_code, wrong["WWW-Authenticate"]) == (401, "Bearer")
    assert list(Session.objects.values("session_key", "last_seen_at", "expire_date")) == [before]


@pytest.mark.django_db
def test_who_brings_neither_is_told_what_to_bring(client: Client) -> None:
    answer = create(client)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_unknown_tokens_are_slowed_down_and_good_ones_are_not(client: Client, secret: str) -> None:
    unknown = [
        create(client, Authorization=f"Bearer mag_{number:049}").status_code
        for number in range(limits.UNKNOWN_ACCESS_TOKENS.item.amount + 1)
    ]
    assert set(unknown[:-1]) == {401}
    slowed = create(client, Authorization="Bearer mag_" + "y" * 49)
    assert slowed.status_code == unknown[-1] == 429
    assert int(slowed["Retry-After"]) > 0
    assert create(client, Authorization=f"Bearer {secret}").status_code == 201


# --- What is one's own ------------------------------------------------------------------------------------------------


def loose(actor: Actor, number: int) -> Upload:
    return uploads.create(actor, subject=None, name=f"{number}.step", size=3)


def names(answer: Any) -> list[str]:
    return [upload["name"] for upload in answer.json()["uploads"]]


def test_the_list_holds_what_is_for_nothing_in_particular_and_ones_own(
    client: Client, sender: User, stranger: User
) -> None:
    kept, removed, expired, partial = (loose(actor_of(sender), number) for number in range(4))
    new_upload(actor_of(sender), b"abc", subject=uuid4())
    loose(actor_of(stranger), 5)
    uploads.remove(actor_of(sender), upload=removed)
    Upload.objects.filter(pk=expired.pk).update(state=UploadState.EXPIRED)
    Upload.objects.filter(pk=partial.pk).update(concat=Concat.PARTIAL)
    client.force_login(sender)
    answer = client.get(UPLOADS)
    assert (names(answer), answer.json()["next_cursor"]) == (["0.step"], "")
    assert answer.json()["uploads"][0]["id"] == str(kept.id)


def test_a_long_list_comes_in_pages(client: Client, sender: User, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = timezone.now()
    for number in range(5):
        with time_machine.travel(begun + timedelta(seconds=number)):
            loose(actor_of(sender), number)
    monkeypatch.setattr("core.pagination.paginate.__kwdefaults__", {"cursor": "", "size": 2, "by": "created_at"})
    client.force_login(sender)
    seen, cursor = [], ""
    for _ in range(3):
        answer = client.get(UPLOADS, {"cursor": cursor})
        seen.append(names(answer))
        cursor = answer.json()["next_cursor"]
    assert (seen, cursor) == ([["4.step", "3.step"], ["2.step", "1.step"], ["0.step"]], "")
    assert names(client.get(UPLOADS, {"cursor": "nonsense"})) == ["4.step", "3.step"]
