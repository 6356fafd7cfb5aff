"""First-Time Login: User ID and One-Time Password, then an own password. What follows is as for every sign-in.

The One-Time Password stays good until the own password is set, so that either step can be begun again; from then on the own
password opens the rest.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from accounts import queries
from accounts.models import OneTimePassword, User, UserState
from accounts.ports import sign_in_policy
from accounts.proofs import Proof
from accounts.services import locks, one_time_passwords, password_policy, people, under_way
from accounts.services.limits import FIRST_LOGIN
from accounts.services.under_way import SignInUnderWay
from core import audit, states
from core.actor import Actor
from core.errors import Conflict, Gone, Invalid

CHOSEN_ALREADY = "Your own password is set already. Sign in with it, and go on from there."
NOT_YOUR_OWN = "Your own password must not be or contain the One-Time Password: somebody else knows that one."


def begin(actor: Actor, *, user_id: str, secret: str, system_use: int | None = None) -> SignInUnderWay:
    """Check the One-Time Password and open the next step.

    Raises ``Invalid`` with one sentence for everything that does not match; ``TooMany`` or ``Unavailable`` by the limits.
    """
    FIRST_LOGIN.knock(actor, user_id)
    user = queries.user_by_identifier(user_id)
    try:
        one_time_password = one_time_passwords.verify(actor, user=_admissible(user), secret=secret)
    except Invalid:
        FIRST_LOGIN.refused(actor)
        raise
    FIRST_LOGIN.opened(actor, user_id)
    person = one_time_password.user
    states.advance(person, "start_first_login", actor=people.acting(person, seen=actor))
    return SignInUnderWay.begin(
        person,
        Proof.ONE_TIME_PASSWORD,
        one_time_password=one_time_password.id,
        fingerprint=one_time_passwords.fingerprint(secret),
        system_use=system_use,
    )


def choose_password(actor: Actor, *, sign_in: SignInUnderWay, password: str) -> SignInUnderWay:
    """Set the own password and spend the One-Time Password.

    Raises ``Invalid`` with ``fields["password"]`` when the password is refused, and ``Gone`` when the step is no longer open:
    the One-Time Password ended, or the same form was sent twice and the other one has set the password.
    """
    one_time_password = _open(sign_in)
    user = one_time_password.user
    if one_time_passwords.is_within(password, sign_in.fingerprint):
        raise Invalid(fields={"password": NOT_YOUR_OWN})
    password_policy.check(password, user=user, field="password")
    user.set_password(password)
    person = people.acting(user, seen=actor)
    with transaction.atomic():
        _spend(person, one_time_password)
        if not User.objects.filter(pk=user.pk, state=UserState.FIRST_LOGIN).update(
            password=user.password, **locks.OPEN
        ):
            raise Gone(one_time_passwords.ENDED, code="revoked")
        locks.start_over(user)
        audit.record(person, "accounts.password.set", user)
    return replace(
        sign_in.having(Proof.PASSWORD), bound_to=user.get_session_auth_hash(), one_time_password=None, fingerprint=""
    )


def _spend(actor: Actor, one_time_password: OneTimePassword) -> None:
    try:
        one_time_passwords.use_up(actor, one_time_password)
    except Conflict as elsewhere:
        one_time_password.refresh_from_db(fields=["used_at"])
        raise Gone(CHOSEN_ALREADY if one_time_password.used_at else elsewhere.sentence, code="used") from elsewhere


def _admissible(user: User | None) -> User | None:
    return user if user and sign_in_policy().may_sign_in(user) else None


def _open(sign_in: SignInUnderWay) -> OneTimePassword:
    under_way.person_of(sign_in)
    found = one_time_passwords.still_open(sign_in.one_time_password) if sign_in.one_time_password else None
    if found is None:
        raise Gone(one_time_passwords.ENDED, code="revoked")
    return found
