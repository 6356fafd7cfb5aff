"""The right to send parts of one upload, for a while, without a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.services import access_tokens
from core import tokens
from core.actor import Actor
from core.errors import Conflict
from transfers.access import TOKEN_PURPOSE
from transfers.models import Upload, UploadState
from transfers.services import uploads


@dataclass(frozen=True, slots=True)
class Grant:
    secret: str
    expires_at: datetime


def grant(actor: Actor, *, upload: Upload) -> Grant:
    """A token that sends parts of this upload and does nothing else. It dies when its owner signs out, and with the access
    token it was asked for with.

    Raises ``Conflict`` when the upload takes no more parts, and ``SignInRequired`` when that access token has ended.
    """
    if upload.state != UploadState.RECEIVING:
        raise Conflict(f"This upload is “{upload.get_state_display()}” and takes no more parts.", code="upload_ended")
    with transaction.atomic():
        left = access_tokens.hold(actor)
        lifetime = settings.UPLOAD_TOKEN_LIFETIME if left is None else min(settings.UPLOAD_TOKEN_LIFETIME, left)
        token = tokens.issue(TOKEN_PURPOSE, upload.id, lifetime=lifetime, owner_id=actor.user_id, via=actor.via)
    return Grant(secret=tokens.secret_of(token), expires_at=token.expires_at)


def renew(actor: Actor, *, upload: Upload) -> Grant:
    """``grant`` for an upload that began a while ago. Raises ``NotAllowed`` also when the policy no longer agrees."""
    with transaction.atomic():
        uploads.ask_policy(actor, upload=upload)
        return grant(actor, upload=upload)
