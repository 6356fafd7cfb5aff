"""Mails about a registration: to the registrant, with the link to its page, and to the staff who look after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from accounts import notifications
from accounts.models import User
from core import outbox, tokens
from orgs.dates import in_words
from orgs.models import Registration
from orgs.notifications import REGISTRATIONS

LINK = "registration"
# Outlives every draft and every decision, so that a late reader is told what became of it.
LINK_LIFETIME = timedelta(days=180)


def link(registration: Registration) -> outbox.Link:
    """The way to the registration: back into a draft, to the status page afterwards."""
    return outbox.Link("orgs:registration-status", token=tokens.issue(LINK, registration.id, lifetime=LINK_LIFETIME))


def to_registrant(
    template: str, registration: Registration, *, links: dict[str, outbox.Link] | None = None, **context: Any
) -> None:
    """Queue ``template`` to the primary contact. It may use ``first_name``, ``company``, ``due`` and ``links.status``."""
    outbox.enqueue(
        template,
        to=registration.contact_email,
        language=registration.language,
        context={**_facts(registration), "first_name": registration.contact_first_name, **context},
        links=links or {"status": link(registration)},
        about=registration.id,
    )


def to_staff(template: str, registration: Registration, *, staff: Iterable[User], **context: Any) -> None:
    """Queue ``template`` to those of ``staff`` who want it, with the contact's name and the registration's own page."""
    page = outbox.Link("admin:orgs_registration_change", kwargs={"object_id": str(registration.pk)})
    for user in staff:
        if not notifications.wants(user, REGISTRATIONS):
            continue
        outbox.enqueue(
            template,
            to=user.email,
            language=user.language,
            context={
                **_facts(registration),
                "first_name": user.first_name,
                "contact": registration.contact_name,
                **context,
            },
            links={"detail": page},
            about=registration.id,
        )


def _facts(registration: Registration) -> dict[str, str]:
    return {"company": registration.legal_name, "due": in_words(registration.due_at)}
