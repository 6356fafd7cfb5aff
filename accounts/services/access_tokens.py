"""Access tokens: how programs get in, in the name of the person who made them, with fewer rights and for a while.

The secret is ``mag_``, 43 characters of base64url (256 random bits) and six that are the CRC-32 of all before them in base
62: a typing error is told from a token that ended, and scanners of repositories and mails know one when they see it. It is
shown once; the table holds its SHA-256. Tokens outlive sessions: signing out ends none. What ends every session of a person
does (``sessions.clear``). With a token ends what was asked for with it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import policies
from accounts.models import AccessToken, Scope, User
from accounts.ports import factor_policy, guardians, sign_in_policy
from accounts.services import letters, limits, sessions
from accounts.services.token_ends import revoke_all
from core import audit, outbox, texts, throttles, tokens
from core.actor import Actor, ActorKind
from core.audit import refusals
from core.errors import Invalid, NotAllowed, SignInRequired

__all__ = ["authenticate", "create", "hold", "is_access_token", "live_of", "revoke", "revoke_all"]

PREFIX = "mag_"
SHORTEST, DEFAULT, LONGEST = timedelta(days=1), timedelta(days=90), timedelta(days=365)
MOST = 20
# How exact the time of the last use is: a program that sends many parts a second writes it once.
NOTED_EVERY = timedelta(minutes=1)

NO_NAME = "Give it a name that says which program or machine uses it."
NAME_TAKEN = "You have another token of this name. Choose a name that tells them apart, or revoke that one first."
NO_SCOPE = "Choose at least one thing that the program may do."
WRONG_SCOPE = "A token cannot be given this right. Choose from the list."
WRONG_LIFETIME = f"A token lives between {SHORTEST.days} and {LONGEST.days} days."
TOO_MANY = f"You have {MOST} tokens already. Revoke one that you no longer need."
NO_REASON = "Say why, in a sentence: the owner of the token reads it."
BY_OWNER = "Revoked by its owner"

UNKNOWN = (
    "This access token is none of this gateway. Copy it whole, or make another one under My Account, Access tokens."
)
SAID = {
    "token_expired": "This access token has run out. Make another one under My Account, Access tokens.",
    "token_revoked": "This access token was revoked. Make another one under My Account, Access tokens.",
    "owner_inactive": "The account that this access token belongs to may not sign in. Ask who looks after it.",
}
STRONGER = (
    "A second factor is required now that was not shown when this access token was made. "
    "Sign in with it in a browser and make another token."
)

_SHAPE = re.compile(r"mag_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}")
_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TAIL = 6


def create(
    actor: Actor,
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    lifetime: timedelta = DEFAULT,
    session_key: str | None = None,
) -> tuple[AccessToken, str]:
    """A new token of ``user``, who is told by mail, and its secret: show it now, it cannot be read again.

    The token has the proofs of ``actor``. ``session_key`` names the session in which it is made. Raises ``Invalid`` with
    ``fields["name"]``, ``fields["scopes"]`` or ``fields["lifetime"]``, or without a field where there are ``MOST`` already;
    ``NotAllowed`` for anybody but the owner and for operator staff; ``Gone`` when that session was ended meanwhile.
    """
    policies.can_make_access_token(actor, user).enforce()
    kept_scopes = _checked_scopes(scopes)
    if not SHORTEST <= lifetime <= LONGEST:
        raise Invalid(fields={"lifetime": WRONG_LIFETIME})
    with transaction.atomic():
        sessions.hold(user, key=session_key)
        kept_name = _checked_name(user, name)
        if live_of(user).count() >= MOST:
            raise Invalid(TOO_MANY)
        secret = _draw()
        token = AccessToken.objects.create(
            user=user,
            name=kept_name,
            digest=_digest(secret),
            hint=secret[-4:],
            scopes=kept_scopes,
            proofs=sorted(actor.proofs),
            expires_at=timezone.now() + lifetime,
        )
        audit.record(actor, "accounts.access_token.create", user, data=_about(token))
        _tell_owner(token)
    return token, secret


def revoke(actor: Actor, *, token: AccessToken, reason: str = "") -> AccessToken:
    """End a token at once, and what was asked for with it; one that has ended stays as it is.

    For its owner and whoever looks after them, who says why. Raises ``NotAllowed``, ``Invalid`` with ``fields["reason"]``.
    """
    said = BY_OWNER
    if actor.user_id != token.user_id:
        guardians().can_look_after(actor, token.user).enforce()
        said = texts.required(reason, missing=NO_REASON, longest=500)
    with transaction.atomic():
        live = AccessToken.objects.filter(pk=token.pk, revoked_at=None)
        if live.update(revoked_at=timezone.now(), ended_reason=said):
            tokens.revoke_via([token.pk])
            audit.record(actor, "accounts.access_token.revoke", token.user, reason=reason, data=_about(token))
    token.refresh_from_db(fields=["revoked_at", "ended_reason"])
    return token


def live_of(user: User) -> QuerySet[AccessToken]:
    """The tokens of ``user`` that open something now, the newest first."""
    return AccessToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())


def hold(actor: Actor) -> timedelta | None:
    """How long the access token that ``actor`` showed has left; ``None`` for somebody with a session.

    It is not revoked before the transaction ends, which this needs, so that what is asked for with it is there to end with
    it. Raises ``SignInRequired`` where it has ended meanwhile.
    """
    if actor.via is None:
        return None
    token = AccessToken.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=actor.via)
    if ended := _ended_because(token):
        raise SignInRequired(SAID[ended], code=ended, headers={"WWW-Authenticate": "Bearer"})
    return token.expires_at - timezone.now()


def is_access_token(secret: str) -> bool:
    """Whether ``secret`` is to be one, rightly typed or not, rather than the token of a link or an upload."""
    return secret.startswith(PREFIX)


def authenticate(secret: str, *, scope: Scope, ip: str | None, request_id: str) -> Actor:
    """The owner of this token as the actor of a program's request, which came from ``ip``.

    The actor has no membership chosen and none of the rights of operator staff. Raises ``SignInRequired`` with code
    ``token_unknown``, ``token_expired``, ``token_revoked`` or ``owner_inactive``, and ``NotAllowed`` with code
    ``scope_missing``, or ``stronger_sign_in_required`` where a rule on second factors has become stricter than the session
    that made the token. Every refusal is in the audit trail, but for ``TooMany`` to an address that has brought too many
    unknown tokens.
    """
    token = _found(secret)
    if token is None:
        throttles.hit(limits.UNKNOWN_ACCESS_TOKENS, ip or "unknown")
        stranger = Actor.anonymous(ip=ip, request_id=request_id)
        _note(stranger, scope, UNKNOWN)
        raise SignInRequired(UNKNOWN, code="token_unknown", headers={"WWW-Authenticate": "Bearer"})
    actor = _actor(token).at(ip=ip, request_id=request_id, proofs=frozenset(token.proofs))
    if ended := _ended_because(token):
        _note(actor, scope, SAID[ended], token)
        raise SignInRequired(SAID[ended], code=ended, headers={"WWW-Authenticate": "Bearer"})
    if scope not in token.scopes:
        raise _refused(actor, scope, token, f"This access token may not do that: {scope.label}.", "scope_missing")
    if not _is_proved_enough(token):
        raise _refused(actor, scope, token, STRONGER, "stronger_sign_in_required")
    _note_use(token, ip)
    return actor


def _draw() -> str:
    body = PREFIX + secrets.token_urlsafe(32)
    return body + _tail(body)


def _tail(body: str) -> str:
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(_TAIL):
        rest, digit = divmod(rest, len(_BASE_62))
        digits = _BASE_62[digit] + digits
    return digits


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _found(secret: str) -> AccessToken | None:
    if not _SHAPE.fullmatch(secret) or _tail(secret[:-_TAIL]) != secret[-_TAIL:]:
        return None
    return AccessToken.objects.select_related("user").filter(digest=_digest(secret)).first()


def _ended_because(token: AccessToken) -> str:
    if token.revoked_at:
        return "token_revoked"
    if token.expires_at <= timezone.now():
        return "token_expired"
    return "" if token.user.is_active and sign_in_policy().may_sign_in(token.user) else "owner_inactive"


def _is_proved_enough(token: AccessToken) -> bool:
    """Whether the rule of today lets in who showed what this token's session showed, or still gives them time."""
    rule = factor_policy().rule_for(token.user)
    if not rule.required or rule.is_met_by(token.proofs):
        return True
    if token.user.factor_asked_at is None:
        # Who never comes to the sign-in page is never asked there: the grace runs from here.
        token.user.factor_asked_at = timezone.now()
        User.objects.filter(pk=token.user_id, factor_asked_at=None).update(factor_asked_at=token.user.factor_asked_at)
    return rule.may_wait(token.user.factor_asked_at)


def _note_use(token: AccessToken, ip: str | None) -> None:
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - NOTED_EVERY:
        return
    earlier = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    AccessToken.objects.filter(earlier, pk=token.pk).update(last_used_at=now, last_used_ip=ip)


def _actor(token: AccessToken) -> Actor:
    return Actor(kind=ActorKind.USER, label=token.user.user_id, user_id=token.user_id, via=token.pk)


def _refused(actor: Actor, scope: Scope, token: AccessToken, sentence: str, code: str) -> NotAllowed:
    _note(actor, scope, sentence, token)
    return NotAllowed(sentence, code=code, recorded=True)


def _note(actor: Actor, scope: Scope, sentence: str, token: AccessToken | None = None) -> None:
    named = {"access_token": str(token.pk)} if token else {}
    refusals.note(actor, asked={"scope": scope.value, **named}, reason=sentence)


def _checked_scopes(scopes: Collection[str]) -> list[str]:
    if not scopes:
        raise Invalid(fields={"scopes": NO_SCOPE})
    if not set(scopes) <= set(Scope.values):
        raise Invalid(fields={"scopes": WRONG_SCOPE})
    return [scope for scope in Scope.values if scope in scopes]


def _checked_name(user: User, name: str) -> str:
    longest = AccessToken._meta.get_field("name").max_length
    clean = texts.required(texts.one_line(name), missing=NO_NAME, field="name", longest=longest)
    if live_of(user).filter(name__iexact=clean).exists():
        raise Invalid(fields={"name": NAME_TAKEN})
    return clean


def _about(token: AccessToken) -> dict[str, object]:
    return {
        "token": str(token.pk),
        "name": token.name,
        "scopes": list(token.scopes),
        "expires_at": token.expires_at.isoformat(),
    }


def _tell_owner(token: AccessToken) -> None:
    letters.tell(
        "access_token_made",
        token.user,
        links={"access_tokens": outbox.Link("accounts:access-tokens"), "help": outbox.Link("accounts:help-login")},
        called=str(token),
        abilities=token.abilities,
        until=letters.in_words(token.expires_at, token.user),
    )
