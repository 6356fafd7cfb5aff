"""Own passwords: changed by somebody who knows the current one, or reset by a link to their address."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import queries
from accounts.models import User, UserState
from accounts.normal_form import normal_form
from accounts.services import current_password as current
from accounts.services import letters, limits, locks, password_policy, people, sessions
from core import audit, outbox, tokens
from core.actor import Actor
from core.errors import Gone, Invalid
from core.models import Outcome, Token

PURPOSE = "password-reset"
CHANGE = "accounts.password.change"
SAME_AGAIN = "This is the password you have already. Choose another one."


def change(actor: Actor, *, user: User, current_password: str, password: str, keep: str | None = None) -> User:
    """Replace the password. Every session of ``user`` but the one of key ``keep`` ends with it; the owner is told by mail.

    Raises ``Invalid`` with ``fields["current_password"]`` or ``fields["password"]``; ``TooMany`` or ``Unavailable`` by the
    limit of wrong ones.
    """
    current.prove(actor, user=user, given=current_password, field="current_password", action=CHANGE)
    password_policy.check(password, user=user, field="password")
    if normal_form(password) == normal_form(current_password):
        raise Invalid(fields={"password": SAME_AGAIN})
    _replace(actor, user, password, action=CHANGE, keep=keep)
    return user


def request_reset(actor: Actor, *, identifier: str) -> None:
    """Mail a link that resets the password, if somebody of this User ID or address has one of their own.

    Who has none yet is told to begin with First-Time Login, by mail too. The caller learns nothing.
    """
    limits.ask_for_assistance(actor, identifier)
    user = queries.user_by_identifier(identifier)
    with transaction.atomic():
        if user and _may_reset(user):
            _mail_link(user)
        elif user and user.state in {UserState.INVITED, UserState.FIRST_LOGIN}:
            letters.tell("first_login_first", user, links={"first_login": outbox.Link("accounts:first-time-login")})
        answered = user is not None and user.state not in {UserState.SUSPENDED, UserState.CLOSED}
        audit.record(
            actor,
            "accounts.password.request_reset",
            user,
            outcome=Outcome.DONE if answered else Outcome.REFUSED,
        )


def person_of(secret: str) -> User:
    """Whose password this link resets. Raises ``NotFound``, or ``Gone`` when the link has ended. Looking changes nothing."""
    return _bearer(secret)[1]


def reset(actor: Actor, *, secret: str, password: str) -> User:
    """Set a new password by the link. It ends every session, opens a password that was switched off, and signs nobody in.

    Raises ``Invalid`` with ``fields["password"]``; ``NotFound`` or ``Gone`` as ``person_of`` does.
    """
    token, user = _bearer(secret)
    password_policy.check(password, user=user, field="password")
    with transaction.atomic():
        tokens.use_up(token)
        _replace(people.acting(user, seen=actor), user, password, action="accounts.password.reset")
    return user


def _bearer(secret: str) -> tuple[Token, User]:
    token = tokens.find(PURPOSE, secret)
    user = User.objects.filter(pk=token.subject_id).first()
    if user is None or not _may_reset(user) or not constant_time_compare(str(_binding(user)), str(token.owner_id)):
        raise Gone(code="used")
    return token, user


def _may_reset(user: User) -> bool:
    """Whether ``user`` has come so far as to have chosen a password; also one who is still in First-Time Login."""
    if user.state == UserState.FIRST_LOGIN:
        return user.has_usable_password()
    return user.state == UserState.ACTIVE


def _binding(user: User) -> UUID:
    """What a link is good for: this password of this person at this address. Another of either, and it opens nothing."""
    bound = salted_hmac(PURPOSE, f"{user.id} {user.email} {user.password}", algorithm="sha256")
    return UUID(bytes=bound.digest()[:16])


def _mail_link(user: User) -> None:
    lifetime = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    # The person does not own it: whoever signs in and out meanwhile, as an intruder can, would end it.
    token = tokens.issue(PURPOSE, user.id, lifetime=lifetime, owner_id=_binding(user))
    letters.tell("password_reset", user, links={"reset": outbox.Link("accounts:reset-password", token=token)})


def _replace(actor: Actor, user: User, password: str, *, action: str, keep: str | None = None) -> None:
    before = user.password
    user.set_password(password)
    with transaction.atomic():
        replaced = User.objects.filter(pk=user.pk, password=before).update(password=user.password, **locks.OPEN)
        if not replaced:
            raise Gone(code="used")
        sessions.clear(actor, user=user, because="New password", keep=keep)
        locks.start_over(user)
        audit.record(actor, action, user)
        letters.tell("password_changed", user, links={"forgot_password": outbox.Link("accounts:forgot-password")})
