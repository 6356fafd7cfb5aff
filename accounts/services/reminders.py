"""Reminders for people who cannot sign in because something slipped their mind."""

from __future__ import annotations

from django.db import transaction

from accounts import queries
from accounts.models import UserState
from accounts.services import limits
from core import audit, outbox
from core.actor import Actor
from core.models import Outcome


def remind_user_id(actor: Actor, *, email: str) -> None:
    """Mail the User ID to this address, if it is somebody's whose account is not closed. The caller learns nothing."""
    limits.ask_for_assistance(actor, email)
    user = queries.user_by_email(email)
    if user and user.state == UserState.CLOSED:
        user = None
    with transaction.atomic():
        if user:
            outbox.enqueue(
                "accounts/mail/user_id_reminder",
                to=user.email,
                language=user.language,
                context={"name": user.first_name, "user_id": user.user_id},
                links={"sign_in": outbox.Link("accounts:sign-in"), "help": outbox.Link("accounts:help-login")},
            )
        outcome = Outcome.DONE if user else Outcome.REFUSED
        audit.record(actor, "accounts.user_id.remind", user, outcome=outcome)
