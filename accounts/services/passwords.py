"""Own passwords: changed by somebody who knows the current one, or reset by a link to their address."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.formats import date_format

from accounts import queries
from accounts.models import User, UserState
from accounts.normal_form import normal_form
from accounts.services import limits, password_policy, people
from core import audit, outbox, throttles, tokens
from core.actor import Actor
from core.errors import Gone, Invalid
from core.models import Outcome, Token

PURPOSE = "password-reset"
WRONG_CURRENT = "This is not your current password."
SAME_AGAIN = "This is the password you have already. Choose another one."


def change(actor: Actor, *, user: User, current_password: str, password: str) -> User:
    """Replace the password. Every other session of ``user`` ends with it, and the owner is told by mail.

    Raises ``Invalid`` with ``fields["current_password"]`` or ``fields["password"]``.
    """
    throttles.hit(limits.CURRENT_PASSWORD, str(user.id))
    if not user.check_password(current_password):
        with transaction.atomic():
            audit.record(actor, "accounts.password.change", user, outcome=Outcome.REFUSED, reason="wrong password")
        raise Invalid(fields={"current_password": WRONG_CURRENT})
    password_policy.check(password, user=user, field="password")
    if normal_form(password) == normal_form(current_password):
        raise Invalid(fields={"password": SAME_AGAIN})
    throttles.forget(limits.CURRENT_PASSWORD, str(user.id))
    _replace(actor, user, password, action="accounts.password.change")
    return user


def request_reset(actor: Actor, *, identifier: str) -> None:
    """Mail a link that resets the password, if there is an active person of this User ID or address.

    Somebody who has not been through First-Time Login is told so, by mail too. The caller learns nothing.
    """
    limits.ask_for_assistance(actor, identifier)
    user = queries.user_by_identifier(identifier)
    with transaction.atomic():
        if user and user.state == UserState.ACTIVE:
            _mail_link(user)
        elif user and user.state in {UserState.INVITED, UserState.FIRST_LOGIN}:
            _mail(
                "accounts/mail/first_login_first", user, links={"first_login": outbox.Link("accounts:first-time-login")}
            )
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
    """Set a new password by the link. It ends every session, and signs nobody in.

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
    user = User.objects.get(id=token.owner_id) if token.owner_id else None
    if user is None or not user.is_active or not constant_time_compare(str(_binding(user)), str(token.subject_id)):
        raise Gone(code="used")
    return token, user


def _binding(user: User) -> UUID:
    """What a link is good for: this password of this person at this address. Another of either, and it opens nothing."""
    bound = salted_hmac(PURPOSE, f"{user.id} {user.email} {user.password}", algorithm="sha256")
    return UUID(bytes=bound.digest()[:16])


def _mail_link(user: User) -> None:
    lifetime = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    token = tokens.issue(PURPOSE, _binding(user), lifetime=lifetime, owner_id=user.id)
    _mail("accounts/mail/password_reset", user, links={"reset": outbox.Link("accounts:reset-password", token=token)})


def _replace(actor: Actor, user: User, password: str, *, action: str) -> None:
    before = user.password
    user.set_password(password)
    with transaction.atomic():
        replaced = User.objects.filter(pk=user.pk, password=before).update(password=user.password)
        if not replaced:
            raise Gone(code="used")
        tokens.revoke_owned_by(user.id)
        audit.record(actor, action, user)
        _mail(
            "accounts/mail/password_changed", user, links={"forgot_password": outbox.Link("accounts:forgot-password")}
        )


def _mail(template: str, user: User, *, links: dict[str, outbox.Link]) -> None:
    context = {
        "name": user.first_name,
        "user_id": user.user_id,
        "at": date_format(timezone.now(), "j F Y, H:i") + " UTC",
    }
    outbox.enqueue(template, to=user.email, language=user.language, context=context, links=links)
