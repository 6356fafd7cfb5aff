"""Help for people who are not in yet: a lost One-Time Password, and who looks after an account. Answered by mail alone."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts import queries
from accounts.models import User, UserState
from accounts.ports import guardians
from accounts.services import contacts, letters, limits, locks
from core import audit, outbox, throttles, wakeups
from core.actor import Actor
from core.errors import TooMany
from core.models import AuditEvent, Outcome

LOST = "accounts.one_time_password.lost"
WHO = "accounts.contacts.ask"


def lost_one_time_password(actor: Actor, *, identifier: str) -> None:
    """Ask the Organization Administrators of this User ID or address for a new One-Time Password, and tell its owner who
    they are; somebody who has a password already is told so. The caller learns nothing.
    """
    _ask(actor, LOST, identifier)


def who_looks_after(actor: Actor, *, identifier: str) -> None:
    """Mail the owner of this User ID or address who looks after their account. The caller learns nothing."""
    _ask(actor, WHO, identifier)


def answer_lost(user: User, event: AuditEvent) -> None:
    """What the event ``LOST`` calls for."""
    if not _waits_for_one(user):
        links = {"sign_in": outbox.Link("accounts:sign-in"), "forgot_password": outbox.Link("accounts:forgot-password")}
        letters.tell("has_password", user, links=links, about=event.pk)
        return
    _ask_contacts(user)
    links = {"first_login": outbox.Link("accounts:first-time-login"), **_help()}
    letters.tell("one_time_password_lost", user, links=links, about=event.pk, contacts=contacts.rows_for(user))


def answer_who(user: User, event: AuditEvent) -> None:
    """What the event ``WHO`` calls for."""
    letters.tell("contacts", user, links=_help(), about=event.pk, contacts=contacts.rows_for(user))


def _ask(actor: Actor, action: str, identifier: str) -> None:
    limits.ask_for_assistance(actor, identifier)
    user = queries.user_by_identifier(identifier)
    if user and user.state in {UserState.SUSPENDED, UserState.CLOSED}:
        user = None
    with transaction.atomic():
        audit.record(actor, action, user, outcome=Outcome.DONE if user else Outcome.REFUSED)
        wakeups.after_commit(locks.TASK)


def _waits_for_one(user: User) -> bool:
    """Whether a One-Time Password is what ``user`` needs: they have chosen no password of their own yet."""
    return not user.has_usable_password()


def _ask_contacts(user: User) -> None:
    """Mail those who look after ``user``, unless they were asked often enough today."""
    try:
        throttles.hit(limits.ASKING_CONTACTS, str(user.pk))
    except TooMany:
        return
    person: dict[str, Any] = {"person": user.full_name, "person_id": user.user_id, "person_email": user.email}
    for contact in guardians().contacts_of(user):
        links = {"user": contact.page or outbox.Link("accounts:sign-in")}
        letters.tell("one_time_password_wanted", contact.user, links=links, company=contact.company, **person)


def _help() -> dict[str, outbox.Link]:
    return {"help": outbox.Link("accounts:help-login")}
