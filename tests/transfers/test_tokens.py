"""Upload tokens: one upload, for a while, as long as their owner may sign in."""

from __future__ import annotations

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import User, UserState
from core import tokens as core_tokens
from core.actor import Actor
from core.errors import Conflict, NotAllowed, NotFound, SignInRequired
from core.policies import refused
from tests.transfers.conftest import Policy, actor_of
from tests.transfers.sending import new_upload
from transfers import access
from transfers.models import Upload
from transfers.services import tokens, uploads
from transfers.services.tokens import Grant


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, b"abc")


@pytest.fixture
def granted(actor: Actor, upload: Upload) -> Grant:
    return tokens.grant(actor, upload=upload)


def test_a_token_opens_its_upload_as_its_owner(sender: User, upload: Upload, granted: Grant) -> None:
    actor, found = access.by_token(granted.secret, upload.id)
    assert (actor, found) == (actor_of(sender), upload)


def test_a_token_opens_no_other_upload(actor: Actor, upload: Upload, granted: Grant) -> None:
    with pytest.raises(NotFound):
        access.by_token(granted.secret, new_upload(actor, b"abc").id)


def test_a_token_ends_with_its_time(upload: Upload, granted: Grant, settings: LazySettings) -> None:
    with time_machine.travel(granted.expires_at - settings.UPLOAD_TOKEN_LIFETIME / 60, tick=False):
        access.by_token(granted.secret, upload.id)
    with time_machine.travel(granted.expires_at, tick=False), pytest.raises(SignInRequired) as refusal:
        access.by_token(granted.secret, upload.id)
    assert refusal.value.error_code == "token_expired"
    assert granted.expires_at > timezone.now()


def test_signing_out_ends_all_tokens_of_a_person(sender: User, upload: Upload, granted: Grant) -> None:
    core_tokens.revoke_owned_by(sender.id)
    with pytest.raises(SignInRequired) as refusal:
        access.by_token(granted.secret, upload.id)
    assert refusal.value.error_code == "token_revoked"
    assert refusal.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("state", [UserState.SUSPENDED, UserState.CLOSED])
def test_somebody_who_may_not_sign_in_may_not_send(sender: User, upload: Upload, granted: Grant, state: str) -> None:
    User.objects.filter(pk=sender.pk).update(state=state)
    with pytest.raises(SignInRequired):
        access.by_token(granted.secret, upload.id)


@pytest.mark.parametrize("secret", ["", "x", "é" * 40, "0" * 10_000])
def test_what_was_never_issued_opens_nothing(upload: Upload, secret: str) -> None:
    with pytest.raises(SignInRequired):
        access.by_token(secret, upload.id)


def test_no_other_token_for_whom_the_policy_refuses_meanwhile(
    actor: Actor, upload: Upload, granted: Grant, policy: Policy
) -> None:
    assert tokens.renew(actor, upload=upload).secret != granted.secret
    policy.decision = refused("Your access is suspended.")
    with pytest.raises(NotAllowed, match="suspended"):
        tokens.renew(actor, upload=upload)


def test_an_ended_upload_gets_no_token(actor: Actor, upload: Upload) -> None:
    ended = uploads.abort(actor, upload=upload)
    with pytest.raises(Conflict):
        tokens.grant(actor, upload=ended)
