"""Programs at the doors: a token opens what it is for; each one turned away is recorded once, by the name of its owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from accounts.models import AccessToken, Scope, Session
from accounts.proofs import Proof
from accounts.services import access_tokens
from core.actor import Actor
from core.errors import SignInRequired
from core.models import AuditEvent
from orgs.models import Membership
from tests.sft import world as sft_world
from tests.transfers.conftest import actor_of, make_user
from tests.transfers.sending import new_upload, sha256
from transfers import access
from transfers.digests import content_digest
from transfers.models import Part, Upload
from transfers.services import tokens

CONTENT = b"twelve bytes"


@pytest.fixture
def member(db: None) -> Membership:
    return sft_world.build().sender


@pytest.fixture
def owner(member: Membership) -> Actor:
    proofs = frozenset({Proof.PASSWORD.value, Proof.PASSKEY.value})
    return sft_world.acting(member).at(ip=None, request_id="", proofs=proofs)


@pytest.fixture
def upload(owner: Actor) -> Upload:
    return new_upload(owner, CONTENT)


def program(owner: Actor, member: Membership, *scopes: Scope) -> Client:
    _, secret = access_tokens.create(owner, user=member.user, name="Build server", scopes=scopes)
    return Client(headers={"Authorization": f"Bearer {secret}", "Accept": "application/json"})


def refusals() -> list[tuple[str, str]]:
    """Who was refused, and whether it says by which token."""
    events = AuditEvent.objects.filter(action="core.request.refuse").order_by("at")
    return [(event.actor_label, event.data.get("access_token", "")) for event in events]


def test_a_token_opens_the_door_it_is_for_and_begins_no_session(
    owner: Actor, member: Membership, upload: Upload
) -> None:
    sending = program(owner, member, Scope.FILES_SEND)
    answer = sending.get(f"/transfers/uploads/{upload.pk}/")
    assert (answer.status_code, answer.json()["id"]) == (200, str(upload.pk))
    assert not answer.cookies
    assert not Session.objects.exists()
    assert refusals() == []
    token = AccessToken.objects.get()
    assert (token.last_used_ip, token.user_id) == ("127.0.0.1", member.user_id)


def test_one_for_other_doors_is_turned_away_and_that_is_recorded_once(
    owner: Actor, member: Membership, upload: Upload
) -> None:
    fetching = program(owner, member, Scope.FILES_FETCH)
    answer = fetching.get(f"/transfers/uploads/{upload.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert refusals() == [(member.user.user_id, str(AccessToken.objects.get().pk))]


def test_an_ended_one_is_told_so_and_how_to_come_again(owner: Actor, member: Membership, upload: Upload) -> None:
    sending = program(owner, member, Scope.FILES_SEND)
    access_tokens.revoke(owner, token=AccessToken.objects.get())
    answer = sending.get(f"/transfers/uploads/{upload.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["request_id"]
    assert refusals() == [(member.user.user_id, str(AccessToken.objects.get().pk))]


@pytest.mark.parametrize(
    ("scope", "whose", "status"),
    [(Scope.FILES_SEND, "own", 201), (Scope.FILES_FETCH, "own", 403), (Scope.FILES_SEND, "another's", 404)],
)
def test_the_door_of_parts_takes_the_owner_s_token_for_sending(  # noqa: PLR0917 - fixtures and parameters
    owner: Actor, member: Membership, settings: LazySettings, scope: Scope, whose: str, status: int
) -> None:
    upload = new_upload(owner if whose == "own" else actor_of(make_user("else")), CONTENT)
    sending = program(owner, member, scope)
    settings.ROOT_URLCONF, settings.MIDDLEWARE = "mag_portal.urls_uploads", settings.UPLOADS_MIDDLEWARE
    digest = {"Content-Digest": content_digest(sha256(CONTENT))}
    answer = sending.put(f"/transfers/uploads/{upload.pk}/parts/1/", CONTENT, headers=digest)
    assert answer.status_code == status
    assert Part.objects.count() == (status == 201)


# --- What a program was given ends with its token -----------------------------------------------------------------
@dataclass
class Program:
    actor: Actor
    token: AccessToken

    @classmethod
    def of(cls, owner: Actor, member: Membership) -> Self:
        token, secret = access_tokens.create(
            owner, user=member.user, name=uuid4().hex, scopes=[Scope.FILES_SEND], lifetime=timedelta(days=1)
        )
        return cls(access_tokens.authenticate(secret, scope=Scope.FILES_SEND, ip=None, request_id=""), token)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_with_a_token_ends_what_was_asked_for_with_it(
    owner: Actor, member: Membership, upload: Upload, *, all_of_them: bool
) -> None:
    one, other = Program.of(owner, member), Program.of(owner, member)
    with_one, with_other, in_a_session = (
        tokens.grant(who, upload=upload) for who in (one.actor, other.actor, actor_of(member.user))
    )
    access.by_token(with_one.secret, upload.id)
    if all_of_them:
        access_tokens.revoke_all(owner, user=member.user, reason="No more programs")
    else:
        access_tokens.revoke(owner, token=one.token)
    with pytest.raises(SignInRequired) as refusal:
        access.by_token(with_one.secret, upload.id)
    assert refusal.value.error_code == "token_revoked"
    with pytest.raises(SignInRequired):
        tokens.renew(one.actor, upload=upload)
    if all_of_them:
        with pytest.raises(SignInRequired):
            access.by_token(with_other.secret, upload.id)
    else:
        access.by_token(with_other.secret, upload.id)
    access.by_token(in_a_session.secret, upload.id)


def test_what_was_asked_for_with_a_token_does_not_outlive_it(owner: Actor, member: Membership, upload: Upload) -> None:
    program = Program.of(owner, member)
    end = program.token.expires_at
    with time_machine.travel(end - timedelta(minutes=10), tick=False):
        granted = tokens.grant(program.actor, upload=upload)
    assert granted.expires_at == end
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        access.by_token(granted.secret, upload.id)
    with time_machine.travel(end, tick=False), pytest.raises(SignInRequired):
        access.by_token(granted.secret, upload.id)
