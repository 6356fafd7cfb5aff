"""Beginning a registration by a mailed link: the way in that needs no puzzle (WCAG 2.2, 3.3.8)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core import audit, outbox, throttles, tokens
from core.actor import Actor
from core.models import Token
from core.throttles import FailMode, Limit
from orgs import access
from orgs.models import Invitation, MailedStart, Registration
from orgs.services.registrations import drafts

LINK = "start_by_mail"
LIFETIME = timedelta(hours=1)
KEPT = timedelta(days=1)
TO_ADDRESS = Limit("links to begin sent to one e-mail address", "5/hour", FailMode.CLOSED)
ASKED_FROM = Limit("links to begin asked for from one address", "20/hour", FailMode.CLOSED)


def mail_link(actor: Actor, *, email: str = "", invitation: Invitation | None = None, language: str = "") -> None:
    """Mail a link that begins a registration, whoever ``email`` belongs to and whatever the gateway knows of it.

    For an invitation it goes to the invited address, unless a colleague may register instead. Raises ``Gone`` for an
    invitation that has ended, ``TooMany``, and ``Unavailable`` where nobody can count.
    """
    drafts.refuse_ended(invitation)
    bound = invitation is not None and (not invitation.colleague_allowed or not email)
    address = (invitation.email if invitation and bound else email).strip().lower()
    throttles.hit(ASKED_FROM, actor.ip or "unknown")
    throttles.hit(TO_ADDRESS, address)
    with transaction.atomic():
        start = MailedStart.objects.create(email=address, invitation=invitation)
        audit.record(actor, "orgs.registration.mail_start", start)
        outbox.enqueue(
            "orgs/mail/registration_start",
            to=address,
            context={"company": invitation.company_name if invitation else ""},
            links={
                "begin": outbox.Link("orgs:register-from-mail", token=tokens.issue(LINK, start.id, lifetime=LIFETIME))
            },
            language=language,
            about=start.id,
        )


def begin(actor: Actor, link: Token, *, language: str = "") -> Registration:
    """Spend the link and begin the draft, with the address it was mailed to. Raises ``Gone`` when it was spent already."""
    start = access.mailed_start_of_token(link)
    with transaction.atomic():
        tokens.use_up(link)
        return drafts.start(
            actor, invitation=start.invitation, email=start.email, email_confirmed=True, language=language
        )


def purge() -> int:
    """Forget the addresses of starts whose links have ended; returns how many."""
    count, _ = MailedStart.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return count
