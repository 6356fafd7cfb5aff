"""Tokens: secrets in links and in the hands of programs.

The secret of a token is ``HMAC-SHA-256(SECRET_KEY, purpose ‖ id)`` (256 bits, URL-safe). It is worked out when a mail is
rendered and forgotten again; the table holds its SHA-256 only, so a copy of the database opens no link. Rotating
``SECRET_KEY`` leaves tokens alive that were handed out already, and makes those still in the outbox fail to render.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core.errors import Gone, NotFound
from core.models import Token


def issue(
    purpose: str, subject_id: UUID, *, lifetime: timedelta, owner_id: UUID | None = None, via: UUID | None = None
) -> Token:
    """A new token that is good for ``purpose`` on one subject until ``lifetime`` has passed. Others stay as they are.

    ``via`` is what it was asked for with, where it shall end with that (``revoke_via``).
    """
    token = _new(purpose, subject_id, lifetime, owner_id)
    token.via = via
    token.save(force_insert=True)
    return token


def issue_many(purpose: str, subject_ids: Iterable[UUID], *, lifetime: timedelta) -> dict[UUID, Token]:
    """A new token for each subject, by its id."""
    made = {subject_id: _new(purpose, subject_id, lifetime, None) for subject_id in subject_ids}
    Token.objects.bulk_create(made.values(), batch_size=1000)
    return made


def live(purpose: str, subject_id: UUID) -> Token | None:
    """The newest token of this purpose on this subject that has not ended."""
    alive = _alive().filter(purpose=purpose, subject_id=subject_id, expires_at__gt=timezone.now())
    return alive.order_by("-created_at", "-id").first()


def secret_of(token: Token) -> str:
    """The secret itself, 43 characters of base64url. Hand it to its addressee and nobody else."""
    mac = salted_hmac(f"core.tokens.{token.purpose}", str(token.id), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def find(purpose: str, secret: str) -> Token:
    """The live token of this secret. Looking never uses it up.

    Raises ``NotFound`` for a secret never issued for ``purpose``, and ``Gone`` with code ``revoked``, ``used`` or
    ``expired`` for one that has ended.
    """
    token = peek(purpose, secret)
    ended = ended_because(token)
    if ended:
        raise Gone(code=ended)
    return token


def peek(purpose: str, secret: str) -> Token:
    """The token of this secret, alive or not; raises ``NotFound`` when there is none."""
    token = Token.objects.filter(purpose=purpose, digest=_digest(secret)).first()
    if token is None:
        raise NotFound
    return token


def ended_because(token: Token) -> str:
    """``revoked``, ``used`` or ``expired``; empty while the token lives."""
    if token.revoked_at:
        return "revoked"
    if token.used_at:
        return "used"
    return "expired" if token.expires_at <= timezone.now() else ""


def use_up(token: Token) -> None:
    """Spend a single-use token. Raises ``Gone`` when another request was first."""
    now = timezone.now()
    spent = _alive().filter(pk=token.pk, expires_at__gt=now).update(used_at=now)
    if not spent:
        raise Gone(code="used")
    token.used_at = now


def extend(token: Token, *, until_at_least: timedelta) -> None:
    """Let a live token live until at least this long from now."""
    until = timezone.now() + until_at_least
    _alive().filter(pk=token.pk, expires_at__lt=until).update(expires_at=until)
    token.expires_at = max(token.expires_at, until)


def revoke(purpose: str, subject_id: UUID) -> int:
    """End every live token of this purpose on this subject; returns how many."""
    return _alive().filter(purpose=purpose, subject_id=subject_id).update(revoked_at=timezone.now())


def revoke_owned_by(owner_id: UUID) -> int:
    """End every live token that this person holds, of any purpose; returns how many."""
    return _alive().filter(owner_id=owner_id).update(revoked_at=timezone.now())


def revoke_via(ids: Iterable[UUID]) -> int:
    """End every live token that was asked for with one of these; returns how many."""
    return _alive().filter(via__in=list(ids)).update(revoked_at=timezone.now())


def purge(*, ended_before: timedelta) -> int:
    """Delete tokens that expired longer ago than this; returns how many."""
    count, _ = Token.objects.filter(expires_at__lt=timezone.now() - ended_before).delete()
    return count


def _new(purpose: str, subject_id: UUID, lifetime: timedelta, owner_id: UUID | None) -> Token:
    token = Token(
        id=uuid4(),
        purpose=purpose,
        subject_id=subject_id,
        owner_id=owner_id,
        expires_at=timezone.now() + lifetime,
    )
    token.digest = _digest(secret_of(token))
    return token


def _alive() -> QuerySet[Token]:
    return Token.objects.filter(Q(used_at__isnull=True) & Q(revoked_at__isnull=True))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
