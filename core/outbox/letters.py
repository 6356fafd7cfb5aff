"""What a message is: put into the outbox by a service, and rendered when it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from core import tokens, wakeups
from core.models import Mail, Token

TASK, QUEUE = "core.tasks.send_mail", "mail"


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

    ``language`` is the addressee's, else the gateway's own. ``about`` is the id of what the message is about:
    ``core.ports.mail_listener`` is told when it comes back.
    """
    mail = letter(
        template,
        to=to,
        context=context,
        links=links,
        organization_id=organization_id,
        language=language,
        about=about,
    )
    return post(mail)


def post(mail: Mail) -> Mail:
    """Put a message made by ``letter`` into the outbox."""
    mail.save(force_insert=True)
    wakeups.after_commit(TASK, str(mail.id), queue=QUEUE)
    return mail


def post_many(mails: Iterable[Mail]) -> None:
    """Put many messages made by ``letter`` into the outbox. The sweep wakes the workers for them, some hundred at a time."""
    Mail.objects.bulk_create(mails, batch_size=1000)


def letter(
    template: str,
    *,
    to: str,
    context: Mapping[str, Any] | None = None,
    links: Mapping[str, Link] | None = None,
    organization_id: UUID | None = None,
    language: str = "",
    about: UUID | None = None,
) -> Mail:
    """A message as ``enqueue`` takes it, which is in no outbox yet."""
    return Mail(
        template=template,
        to=to,
        language=language or settings.LANGUAGE_CODE,
        context=dict(context or {}),
        links={name: link.as_row() for name, link in (links or {}).items()},
        organization_id=organization_id,
        about=about,
    )


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
        "LANGUAGE_CODE": mail.language,
    }
    with override(mail.language):
        subject = " ".join(_plain(f"{mail.template}.subject.txt", context).split())
        text = _plain(f"{mail.template}.txt", context)
        html = render_to_string(f"{mail.template}.html", {**context, "subject": subject})
    return Rendered(subject=subject, text=text.strip() + "\n", html=html)


def compose(mail: Mail) -> EmailMultiAlternatives:
    """The rendered message with its headers. ``Message-ID`` is made of the row's key: the same at every try."""
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
    return message


def _plain(template: str, context: Mapping[str, Any]) -> str:
    """Text for people, in which ``&`` is ``&``: nothing is escaped for HTML."""
    return Engine.get_default().get_template(template).render(Context(context, autoescape=False))


def _address(link: Mapping[str, str]) -> str:
    path = link["path"]
    if "token" in link:
        token = Token.objects.get(pk=link["token"])
        path = path.replace("{token}", tokens.secret_of(token))
    return f"{settings.BASE_URL}{path}"
