"""Passkeys (WebAuthn): of this device, of a password manager, or on a security key.

The device itself asks for the finger, the face or the PIN of its owner each time (user verification is required), and it
must be able to find the passkey without being told which, so that each passkey can stand for name and password too.

A ceremony has two halves. The first hands out options for the browser and a ``Challenge`` that the caller keeps on this side;
the second takes what the device made of it. A challenge is good once and for ten minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn, Self

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnUserHandle
from redis.exceptions import RedisError
from webauthn import base64url_to_bytes, verify_authentication_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticationCredential, UserVerificationRequirement

from accounts.models import Passkey, User
from accounts.proofs import FactorKind
from accounts.services import sessions
from accounts.services.factors import names, telling
from accounts.services.factors.overview import ensure_offered
from core import audit, throttles
from core.actor import Actor
from core.errors import Conflict, Invalid, Unavailable
from core.models import Outcome
from core.throttles import FailMode, Limit

GOOD_FOR = timedelta(minutes=10)
REFUSED_FROM = Limit("refused passkeys from an address", "60/15minutes", FailMode.CLOSED)
WRONG = "This passkey does not open this account. Use another one, or another way to sign in."
NOT_ADDED = "This passkey could not be added. Try again; your device has to ask for your finger, your face or your PIN."
THERE_ALREADY = "This device has a passkey for a MAG account already. Sign in with it, or add one on another device."
STALE = "That took too long, or was answered in another window. Begin again."
# What hostile input makes the parsers of CBOR, JSON and keys raise, besides their own exception.
UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)


class Purpose(StrEnum):
    REGISTER = "register"
    PROVE = "prove"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a device was asked to sign: ``for_user`` is whose passkey it has to be, empty where anybody may show theirs."""

    purpose: str
    challenge: str
    for_user: str
    made_at: str

    @classmethod
    def of(cls, purpose: Purpose, state: Mapping[str, Any], user: User | None) -> Self:
        return cls(purpose.value, state["challenge"], str(user.pk) if user else "", timezone.now().isoformat())

    def as_row(self) -> dict[str, str]:
        """What a session can keep."""
        return asdict(self)


class RelyingParty(WebAuthnHelper):  # type: ignore[misc] # the library has no types
    """This gateway, as devices see it. The origin and the name are the settings', whatever host a request names."""

    def __init__(self) -> None:
        super().__init__(request=None)

    def get_generate_registration_options_kwargs(self, *, user: User) -> dict[str, Any]:
        options: dict[str, Any] = super().get_generate_registration_options_kwargs(user=user)
        options["authenticator_selection"].user_verification = UserVerificationRequirement.REQUIRED
        return options

    def verify(self, passkey: Passkey, challenge: Challenge, shown: AuthenticationCredential) -> VerifiedAuthentication:
        """What the device signed. How often it has signed is for the caller to compare, so a count that went back is known
        to come from the device itself.
        """
        return verify_authentication_response(
            credential=shown,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=0,
            expected_challenge=base64url_to_bytes(challenge.challenge),
            expected_rp_id=self.get_relying_party_domain(),
            expected_origin=self.get_allowed_origins(),
            require_user_verification=True,
        )


class _Refused(Exception):
    """Why, for the audit trail alone."""


def registration_options(user: User) -> tuple[dict[str, Any], Challenge]:
    """For ``navigator.credentials.create``. Raises ``NotAllowed`` where no passkey counts or none is possible."""
    ensure_offered(user, FactorKind.PASSKEY)
    options, state = RelyingParty().register_begin(user)
    return options, Challenge.of(Purpose.REGISTER, state, user)


def register(
    actor: Actor,
    *,
    user: User,
    challenge: Challenge,
    credential: Mapping[str, Any],
    name: str = "",
    staying: str | None = None,
) -> Passkey:
    """Take a new passkey of ``user`` into use. The owner is told by mail; every session ends but the one of key ``staying``.

    Raises ``Invalid``, with ``fields["name"]`` where the name is not right, ``Conflict`` for a stale challenge, ``Gone`` when
    that session was ended meanwhile.
    """
    ensure_offered(user, FactorKind.PASSKEY)
    kept_name = names.checked(user, name or names.free(user, FactorKind.PASSKEY.label))
    _spend(challenge, Purpose.REGISTER, user)
    with transaction.atomic():
        sessions.hold(user, key=staying)
        passkey = _registered(user, challenge, credential)
        Passkey.objects.filter(pk=passkey.pk).update(name=kept_name)
        data = {"kind": FactorKind.PASSKEY.value, "factor": str(passkey.pk), "name": kept_name}
        audit.record(actor, "accounts.factor.add", user, data=data)
        telling.owner(user, "factor_added", factor=kept_name, kind=FactorKind.PASSKEY.label)
        sessions.end_others(actor, user=user, keep=staying, reason="second factor added")
    passkey.refresh_from_db()
    return passkey


def authentication_options(user: User | None = None) -> tuple[dict[str, Any], Challenge]:
    """For ``navigator.credentials.get``. Passkeys are listed for a ``user`` alone whose password was proved before."""
    options, state = RelyingParty().authenticate_begin(user, require_user_verification=True)
    return options, Challenge.of(Purpose.PROVE, state, user)


def prove(actor: Actor, *, challenge: Challenge, credential: Mapping[str, Any], user: User | None = None) -> User:
    """Whose passkey this is: of ``user`` where one is given, else of whoever shows it.

    Raises ``Invalid`` with one sentence for everything that is not right, ``TooMany`` or ``Unavailable`` by the limit
    ``REFUSED_FROM``. A refusal is in the audit trail. A device whose count of signatures went back may have been copied: it
    is refused, and its owner is told by mail.
    """
    throttles.ensure_below(REFUSED_FROM, _address(actor))
    _spend(challenge, Purpose.PROVE, user)
    passkey: Passkey | None = None
    try:
        shown = parse_authentication_credential_json(dict(credential))
        passkey = _passkey(shown, user)
        verified = RelyingParty().verify(passkey, challenge, shown)
    except (_Refused, *UNREADABLE) as error:
        _refuse(actor, passkey, user, str(error) if isinstance(error, _Refused) else type(error).__name__)
    if not _count_on(passkey, verified):
        _refuse(actor, passkey, user, "the count of signatures went back")
    owner: User = passkey.user
    return owner


def _registered(user: User, challenge: Challenge, credential: Mapping[str, Any]) -> Passkey:
    state = {"challenge": challenge.challenge, "require_user_verification": True}
    try:
        with transaction.atomic():
            made: Passkey = RelyingParty().register_complete(user, state, dict(credential))
    except IntegrityError as clash:
        raise Invalid(THERE_ALREADY) from clash
    except UNREADABLE as error:
        raise Invalid(NOT_ADDED) from error
    return made


def _spend(challenge: Challenge, purpose: Purpose, user: User | None) -> None:
    """Raises ``Conflict`` unless ``challenge`` is of this purpose and person, young enough and not used before."""
    made_at = datetime.fromisoformat(challenge.made_at)
    right = challenge.purpose == purpose and challenge.for_user == (str(user.pk) if user else "")
    if not right or timezone.now() - made_at > GOOD_FOR:
        raise Conflict(STALE)
    try:
        first = cache.add(f"passkey-challenge:{challenge.challenge}", 1, timeout=int(GOOD_FOR.total_seconds()) + 60)
    except (RedisError, OSError) as error:
        raise Unavailable from error
    if not first:
        raise Conflict(STALE)


def _passkey(shown: AuthenticationCredential, user: User | None) -> Passkey:
    passkey: Passkey | None = (
        Passkey.objects.select_related("user")
        .filter(credential_id_sha256=Passkey.get_credential_id_sha256(shown.raw_id), confirmed=True)
        .first()
    )
    if passkey is None:
        raise _Refused("unknown passkey")
    if user is not None and passkey.user_id != user.pk:
        raise _Refused("passkey of somebody else")
    handle = shown.response.user_handle
    if (handle or user is None) and not _is_handle_of(handle, passkey.user):
        raise _Refused("passkey and its owner do not match")
    return passkey


def _is_handle_of(handle: bytes | None, user: User) -> bool:
    known = WebAuthnUserHandle.objects.filter(user=user).first()
    return known is not None and constant_time_compare(known.handle, handle or b"")


def _count_on(passkey: Passkey, verified: VerifiedAuthentication) -> bool:
    """Write down how often the device has signed. False when that is no more than before, unless it does not count at all."""
    newer = Passkey.objects.filter(pk=passkey.pk, sign_count__lt=verified.new_sign_count)
    if verified.new_sign_count == 0:
        newer = Passkey.objects.filter(pk=passkey.pk, sign_count=0)
    return bool(
        newer.update(
            sign_count=verified.new_sign_count,
            backup_state=verified.credential_backed_up,
            last_used_at=timezone.now(),
        )
    )


def _refuse(actor: Actor, passkey: Passkey | None, user: User | None, because: str) -> NoReturn:
    owner = user or (passkey.user if passkey else None)
    data = {"kind": FactorKind.PASSKEY.value, **({"factor": str(passkey.pk)} if passkey else {})}
    with transaction.atomic():
        audit.record(actor, "accounts.factor.try", owner, outcome=Outcome.REFUSED, reason=because, data=data)
        if passkey is not None and because.startswith("the count"):
            telling.owner(passkey.user, "passkey_copied", factor=passkey.name)
    throttles.hit(REFUSED_FROM, _address(actor))
    raise Invalid(WRONG)


def _address(actor: Actor) -> str:
    return actor.ip or "unknown"
