"""People: made, suspended, closed. Who they work for is known further up."""

from __future__ import annotations

import unicodedata

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import policies
from accounts.models import User, UserState
from accounts.services import sessions, user_ids
from core import audit, states, texts
from core.actor import Actor, ActorKind
from core.errors import Invalid, Unavailable

ADDRESS_TAKEN = "This e-mail address already belongs to a MAG account."
ALLOCATION_TRIES = 10


def create(actor: Actor, *, first_name: str, last_name: str, email: str, phone: str = "") -> User:
    """A new person in state ``invited``, with a User ID of their own and no password.

    Raises ``Invalid`` with ``fields["email"]`` when the address is taken in any case, or with the field that is not right.
    """
    return _create(actor, User(first_name=first_name, last_name=last_name, email=email, phone=phone))


def create_staff(actor: Actor, *, first_name: str, last_name: str, email: str) -> User:
    """The same for somebody who works for the operator."""
    return _create(actor, User(first_name=first_name, last_name=last_name, email=email, is_staff=True))


def suspend(actor: Actor, *, user: User, reason: str) -> User:
    """Keep ``user`` out: every session and every token of theirs ends with this. Raises ``Invalid`` without a reason."""
    policies.can_shut_out(actor, user).enforce()
    texts.required(reason, missing="Say why, in a sentence.")
    with transaction.atomic():
        states.advance(user, "suspend", actor=actor, reason=reason, session_epoch=user.session_epoch + 1)
        sessions.clear(actor, user=user, because="Account suspended")
    return user


def unsuspend(actor: Actor, *, user: User, reason: str = "") -> User:
    """Let ``user`` in again; one who had not been through First-Time Login yet, or was led back to it, goes there again, with
    a new One-Time Password only.
    """
    if user.first_login_at and user.has_usable_password():
        return states.advance(user, "unsuspend", actor=actor, reason=reason)
    return states.advance(user, "readmit", actor=actor, reason=reason, password=make_password(None))


def close(actor: Actor, *, user: User, reason: str) -> User:
    """End the account for good. The row, its User ID and its address stay, so nobody gets them again."""
    policies.can_shut_out(actor, user).enforce()
    texts.required(reason, missing="Say why, in a sentence.")
    with transaction.atomic():
        states.advance(user, "close", actor=actor, reason=reason, session_epoch=user.session_epoch + 1)
        sessions.clear(actor, user=user, because="Account closed")
    return user


def acting(user: User, *, seen: Actor) -> Actor:
    """``user`` as the actor of a request that ``seen`` made before it was known who they are."""
    return Actor(
        kind=ActorKind.USER,
        label=user.user_id,
        user_id=user.id,
        is_staff=user.is_staff,
        ip=seen.ip,
        request_id=seen.request_id,
    )


def _create(actor: Actor, user: User) -> User:
    clean(user)
    user.state = UserState.INVITED
    user.set_unusable_password()
    for _ in range(ALLOCATION_TRIES):
        user.user_id = user_ids.free_user_id(user.first_name, user.last_name)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
                audit.record(actor, "accounts.user.create", user, data={"user_id": user.user_id})
        except IntegrityError as clash:
            if _constraint(clash) == "user_email_once":
                raise Invalid(fields={"email": ADDRESS_TAKEN}) from clash
            if _constraint(clash) != "user_id_once":
                raise
        else:
            return user
    raise Unavailable


def clean(user: User) -> None:
    """Trim, bring names to NFC and check every field against the model; the address is compared by the database.

    Raises ``Invalid`` with the fields that are not right.
    """
    user.first_name = unicodedata.normalize("NFC", user.first_name).strip()
    user.last_name = unicodedata.normalize("NFC", user.last_name).strip()
    user.email = user.email.strip().lower()
    try:
        user.clean_fields(exclude={"user_id", "password"})
    except ValidationError as refusal:
        fields = {name: " ".join(sentences) for name, sentences in refusal.message_dict.items()}
        raise Invalid(fields=fields) from refusal


def _constraint(clash: IntegrityError) -> str:
    diagnosis = getattr(clash.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
