"""The way back in for somebody who lost every second factor and has no recovery code left.

They ask with their password. Somebody who looks after them then says how they made sure who it is, and a member of the
operator's staff, never the same person, removes the factors: a mail alone opens nothing. What follows is First-Time Login
with a One-Time Password that the person is told.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts import policies, queries
from accounts.models import FactorReset, User
from accounts.ports import guardians
from accounts.services import factors, letters, one_time_passwords, people
from core import audit, outbox, states, texts, throttles
from core.actor import Actor
from core.errors import Conflict
from core.policies import Decision
from core.throttles import FailMode, Limit

ASKS = Limit("requests to remove the second factors of an account", "5/day", FailMode.CLOSED)
SWEEP = Actor.system("factor reset sweep")
ASKED_ALREADY = "You have asked already. Whoever looks after your account has been told."
NO_HOW = "Say how you made sure that it is this person, such as “called back at the number in our files”."
NO_REASON = "Say why, in a sentence."
TOO_LATE = (
    "Nobody confirmed who you are in time. Ask again at the sign-in page, and tell your administrator that you did."
)


def ask(actor: Actor, *, user: User, message: str = "") -> FactorReset:
    """Ask for it, the password being proved. The owner of the account is told by mail, and so is who looks after them.

    Raises ``Conflict`` while a request is open, ``TooMany`` or ``Unavailable`` by the limit ``ASKS``.
    """
    throttles.hit(ASKS, str(user.id))
    person = people.acting(user, seen=actor)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if queries.open_factor_reset(user) is not None:
            raise Conflict(ASKED_ALREADY)
        expires_at = timezone.now() + settings.FACTOR_RESET_LIFETIME
        reset = FactorReset.objects.create(user=user, message=message.strip(), expires_at=expires_at)
        audit.record(person, "accounts.factorreset.ask", reset)
        who = ", ".join(contact.name for contact in guardians().contacts_of(user))
        _tell_owner(reset, "factor_reset_asked", who=who)
        guardians().factor_reset_asked(reset)
    return reset


def vouch(actor: Actor, *, reset: FactorReset, how: str) -> FactorReset:
    """Say that it is this person who asks, and ``how`` that was made sure.

    Raises ``NotAllowed``, ``Invalid`` without a word on it, and ``Conflict`` when the request has moved on.
    """
    can_vouch(actor, reset).enforce()
    said = texts.required(how, missing=NO_HOW, field="how")
    return states.advance(
        reset,
        "vouch",
        actor=actor,
        reason=said,
        vouched_by_id=actor.user_id,
        vouched_at=timezone.now(),
        vouched_how=said,
    )


def complete(actor: Actor, *, reset: FactorReset, reason: str) -> FactorReset:
    """Remove every second factor and recovery code, end every session, and lead the person to First-Time Login.

    Raises ``NotAllowed`` for who vouched, for the person and for anybody but staff; ``Invalid`` without a reason;
    ``Conflict`` for an account that is suspended or closed, and when the request has moved on.
    """
    policies.can_complete_reset(actor, reset).enforce()
    said = texts.required(reason, missing=NO_REASON, field="reason")
    with transaction.atomic():
        states.advance(
            reset, "complete", actor=actor, reason=said, decided_by_id=actor.user_id, decided_at=timezone.now()
        )
        FactorReset.objects.filter(pk=reset.pk).update(reason=said)
        factors.remove_all(actor, user=reset.user)
        one_time_passwords.back_to_first_login(actor, reset.user)
        _tell_owner(reset, "factor_reset_done")
        guardians().factor_reset_done(reset)
    return reset


def deny(actor: Actor, *, reset: FactorReset, reason: str) -> FactorReset:
    """End the request; the owner is told why. For whoever may vouch, and for staff."""
    can_deny(actor, reset).enforce()
    said = texts.required(reason, missing=NO_REASON, field="reason")
    with transaction.atomic():
        # Who vouched may think better of it; the two persons of a reset that is done are never one.
        decided_by = None if actor.user_id == reset.vouched_by_id else actor.user_id
        states.advance(reset, "deny", actor=actor, reason=said, decided_by_id=decided_by, decided_at=timezone.now())
        FactorReset.objects.filter(pk=reset.pk).update(reason=said)
        _tell_owner(reset, "factor_reset_ended", why=said)
    return reset


def withdraw(actor: Actor, *, user: User) -> None:
    """End what is open because ``user`` has come in with a second factor after all; nothing where nothing is open."""
    reset = queries.open_factor_reset(user)
    if reset is not None:
        states.advance(reset, "withdraw", actor=actor, decided_at=timezone.now())


def expire_due() -> int:
    """End every request whose time is over; returns how many."""
    due = FactorReset.objects.filter(state__in=queries.OPEN_RESETS, expires_at__lte=timezone.now())
    return sum(_expire(reset) for reset in due.select_related("user"))


def can_vouch(actor: Actor, reset: FactorReset) -> Decision:
    """Whether ``actor`` may say that it is this person: an administrator of theirs; where there is none, staff."""
    return policies.can_vouch(
        actor,
        looks_after=guardians().can_look_after(actor, reset.user),
        has_contacts=bool(guardians().contacts_of(reset.user)),
    )


def can_deny(actor: Actor, reset: FactorReset) -> Decision:
    """Whether ``actor`` may end the request with a reason."""
    return guardians().can_look_after(actor, reset.user)


def _expire(reset: FactorReset) -> bool:
    try:
        with transaction.atomic():
            states.advance(reset, "expire", actor=SWEEP, decided_at=timezone.now())
            _tell_owner(reset, "factor_reset_ended", why=TOO_LATE)
    except Conflict:
        return False
    return True


def _tell_owner(reset: FactorReset, template: str, **words: str) -> None:
    links = {"sign_in": outbox.Link("accounts:sign-in"), "first_login": outbox.Link("accounts:first-time-login")}
    until = date_format(reset.expires_at, "j F Y")
    letters.tell(template, reset.user, links=links, about=reset.id, until=until, **words)
