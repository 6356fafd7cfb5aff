"""The outbox: mail is a row first, in the transaction that decided it, and leaves by a worker afterwards.

A broker that is down delays mail until the next sweep and loses none. A row is claimed before it is sent, and its
``Message-ID`` is made from its key. A worker that dies between the mail server's OK and the commit is the one case in
which a message can leave twice; the sweep takes such a row up again after ``CLAIM_LIFETIME``.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from core import audit, states, tokens, wakeups
from core.actor import Actor
from core.errors import Conflict
from core.models import Mail, MailState, Token

logger = logging.getLogger(__name__)

OUTBOX = states.register(
    Mail,
    [
        ("claim", MailState.QUEUED, MailState.SENDING),
        ("deliver", MailState.SENDING, MailState.SENT),
        ("retry", MailState.SENDING, MailState.QUEUED),
        ("give_up", MailState.SENDING, MailState.FAILED),
        ("suppress", MailState.QUEUED, MailState.SUPPRESSED),
        ("resend", MailState.FAILED, MailState.QUEUED),
    ],
    audited=False,
)

CLAIM_LIFETIME = timedelta(minutes=5)
# A row younger than this has a wake-up of its own under way.
GRACE = timedelta(seconds=10)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600, 43200))
SENDER = Actor.system("outbox")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a mail: the URL of ``view``; where ``token`` is given, its secret fills the URL's ``token``."""

    view: str
    kwargs: Mapping[str, str] | None = None
    token: Token | None = None

    def as_row(self) -> dict[str, str]:
        kwargs = dict(self.kwargs or {})
        if self.token is None:
            return {"path": reverse(self.view, kwargs=kwargs)}
        placeholder = "TOKEN"
        path = reverse(self.view, kwargs={**kwargs, "token": placeholder})
        return {"path": path.replace(placeholder, "{token}"), "token": str(self.token.id)}


def enqueue(
    template: str,
    *,
    to: str,
    context: Mapping[str, Any] | None = None,
    links: Mapping[str, Link] | None = None,
    organization_id: UUID | None = None,
    language: str = "",
    about: UUID | None = None,
) -> Mail:
    """Put a message into the outbox. ``context`` is JSON; in the templates a link named ``x`` is the variable ``x_url``.

    ``about`` is the id of what it is about: ``core.ports.mail_listener`` is told when the message comes back.
    """
    mail = Mail.objects.create(
        template=template,
        to=to,
        language=language or settings.LANGUAGE_CODE,
        context=dict(context or {}),
        links={name: link.as_row() for name, link in (links or {}).items()},
        organization_id=organization_id,
        about=about,
    )
    wakeups.after_commit("core.tasks.send_mail", str(mail.id))
    return mail


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def render(mail: Mail) -> Rendered:
    """The message as it will be sent, secrets of links included: for the mail server's eyes only."""
    context = {
        **mail.context,
        **{f"{name}_url": _address(link) for name, link in mail.links.items()},
        "operator_name": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "base_url": settings.BASE_URL,
    }
    with override(mail.language):
        subject = " ".join(_plain(f"{mail.template}.subject.txt", context).split())
        text = _plain(f"{mail.template}.txt", context)
        html = render_to_string(f"{mail.template}.html", {**context, "subject": subject})
    return Rendered(subject=subject, text=text.strip() + "\n", html=html)


def _plain(template: str, context: Mapping[str, Any]) -> str:
    """Text for people, in which ``&`` is ``&``: nothing is escaped for HTML."""
    return Engine.get_default().get_template(template).render(Context(context, autoescape=False))


def send(mail_id: UUID) -> bool:
    """Claim the row and send it. False when it was not there to be claimed (sent already, or not yet due)."""
    mail = Mail.objects.filter(pk=mail_id, state=MailState.QUEUED, due_at__lte=timezone.now()).first()
    if mail is None:
        return False
    try:
        states.advance(mail, "claim", actor=SENDER, claimed_at=timezone.now(), attempts=mail.attempts + 1)
    except Conflict:
        return False
    try:
        _hand_over(mail)
    except smtplib.SMTPRecipientsRefused as refusal:
        code, answer = next(iter(refusal.recipients.values()))
        _failed(mail, f"{code} {answer.decode(errors='replace')}", final=code >= 500)
        return False
    except (OSError, smtplib.SMTPException) as error:
        _failed(mail, f"{type(error).__name__}: {error}", final=False)
        return False
    states.advance(mail, "deliver", actor=SENDER, sent_at=timezone.now(), last_error="")
    return True


def sweep(*, limit: int = 500) -> int:
    """Wake a worker for every row that is due, and free rows whose worker died; returns how many were woken."""
    now = timezone.now()
    for mail in Mail.objects.filter(state=MailState.SENDING, claimed_at__lt=now - CLAIM_LIFETIME)[:limit]:
        with suppress(Conflict):  # its worker came back, or another sweep was first
            _failed(mail, "The worker that held this message ended.", final=False)
    overdue = now - GRACE
    due = (
        Mail.objects.filter(state=MailState.QUEUED, due_at__lte=overdue).order_by("due_at").values_list("id", flat=True)
    )
    ids = list(due[:limit])
    for mail_id in ids:
        wakeups.now("core.tasks.send_mail", str(mail_id))
    return len(ids)


def resend(actor: Actor, mail: Mail) -> Mail:
    """Queue a message again that had failed for good."""
    with transaction.atomic():
        states.advance(mail, "resend", actor=actor, due_at=timezone.now(), attempts=0)
        audit.record(actor, "core.mail.resend", mail, organization_id=mail.organization_id)
        wakeups.after_commit("core.tasks.send_mail", str(mail.id))
    return mail


def _failed(mail: Mail, error: str, *, final: bool) -> None:
    logger.warning("Mail %s (%s) did not leave: %s", mail.id, mail.template, error)
    if final or mail.attempts > len(WAITS):
        states.advance(mail, "give_up", actor=SENDER, last_error=error[:300])
        return
    wait = WAITS[min(max(mail.attempts, 1), len(WAITS)) - 1]
    states.advance(mail, "retry", actor=SENDER, due_at=timezone.now() + wait, last_error=error[:300])


def _hand_over(mail: Mail) -> None:
    rendered = render(mail)
    message = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        headers={
            "Message-ID": f"<{mail.id}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(rendered.html, "text/html")
    message.send()


def _address(link: Mapping[str, str]) -> str:
    path = link["path"]
    if "token" in link:
        token = Token.objects.get(pk=link["token"])
        path = path.replace("{token}", tokens.secret_of(token))
    return f"{settings.BASE_URL}{path}"
