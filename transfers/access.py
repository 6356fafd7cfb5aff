"""The only way to an upload for somebody: by their sign-in, or by the token of one upload."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from core import tokens
from core.actor import Actor, ActorKind
from core.errors import Gone, NotFound, SignInRequired
from transfers.models import Concat, TusResource, Upload, UploadState
from transfers.ports import download_policy

TOKEN_PURPOSE = "upload"  # noqa: S105


def for_owner(actor: Actor, upload_id: UUID) -> Upload:
    """An upload of the actor's own. Raises ``NotFound`` otherwise."""
    upload = Upload.objects.filter(pk=upload_id, owner_id=actor.user_id).first() if actor.user_id else None
    if upload is None:
        raise NotFound
    return upload


def owned(actor: Actor, upload_ids: Collection[UUID]) -> QuerySet[Upload]:
    """Those of these uploads that are the actor's own."""
    return Upload.objects.filter(pk__in=upload_ids, owner_id=actor.user_id) if actor.user_id else Upload.objects.none()


def loose_of(actor: Actor) -> QuerySet[Upload]:
    """The actor's own uploads that are for nothing in particular, but for those that were removed or have run out."""
    gone = (UploadState.ABORTED, UploadState.EXPIRED)
    loose = Upload.objects.filter(owner_id=actor.user_id, subject=None).exclude(concat=Concat.PARTIAL)
    return loose.exclude(state__in=gone) if actor.user_id else Upload.objects.none()


def fetchable(actor: Actor, upload_id: UUID) -> Upload:
    """An upload whose bytes the actor may have: their own, or what the room above lets them have.

    Raises ``NotFound``, and ``NotAllowed`` with the reason for somebody who knows of it.
    """
    upload = Upload.objects.filter(pk=upload_id).exclude(concat=Concat.PARTIAL).first() if actor.user_id else None
    if upload is None:
        raise NotFound
    if upload.owner_id != actor.user_id:
        download_policy().may_fetch(actor, upload=upload).enforce()
    return upload


def tus_resource(actor: Actor, key: str) -> TusResource:
    """A tus resource of the actor's own, with its upload, also when that has ended. Raises ``NotFound`` otherwise."""
    found = TusResource.objects.select_related("upload").filter(key=key, upload__owner_id=actor.user_id).first()
    if found is None or actor.user_id is None:
        raise NotFound
    return found


def by_token(secret: str, upload_id: UUID) -> tuple[Actor, Upload]:
    """The upload a token was issued for, and its owner as the actor.

    Raises ``SignInRequired`` when the token is unknown or has ended or its owner may no longer sign in, and ``NotFound``
    when it is another upload's.
    """
    try:
        token = tokens.find(TOKEN_PURPOSE, secret)
    except NotFound:
        raise _unauthorised("token_unknown") from None
    except Gone as end:
        raise _unauthorised(f"token_{end.error_code}") from None
    if token.subject_id != upload_id:
        raise NotFound
    upload = Upload.objects.select_related("owner").filter(pk=upload_id, owner_id=token.owner_id).first()
    if upload is None:
        raise NotFound
    if not upload.owner.is_active:
        raise _unauthorised("owner_inactive")
    return Actor(kind=ActorKind.USER, label=upload.owner.get_username(), user_id=upload.owner_id), upload


def _unauthorised(code: str) -> SignInRequired:
    return SignInRequired(
        "The right to send to this upload has ended. Fetch a new token, signing in again if asked.",
        code=code,
        headers={"WWW-Authenticate": "Bearer"},
    )
