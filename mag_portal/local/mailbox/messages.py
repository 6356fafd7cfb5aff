"""Reads the Maildir: one ``Mail`` for each delivered message."""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from html.parser import HTMLParser
from mailbox import Maildir
from pathlib import Path

URL = re.compile(r"https?://[^\s<>\"']+")
TRAILING = ".,;:!?)"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """``links`` holds every address the mail leads to, those of the text first, each once."""

    id: str
    to: str
    sender: str
    subject: str
    at: datetime
    text: str
    html: str
    links: tuple[str, ...]


def newest_first(folder: Path) -> list[Mail]:
    maildir = Maildir(folder, create=True)
    return sorted((_read(maildir, key) for key in maildir.keys()), key=lambda mail: (mail.at, mail.id), reverse=True)  # noqa: SIM118


def find(folder: Path, mail_id: str) -> Mail | None:
    maildir = Maildir(folder, create=True)
    return _read(maildir, mail_id) if mail_id in maildir else None


def _read(maildir: Maildir, key: str) -> Mail:
    message = message_from_bytes(maildir.get_bytes(key), policy=email.policy.default)
    text, html = _body(message, "plain"), _body(message, "html")
    return Mail(
        id=key,
        to=str(message.get("X-RcptTo", message.get("To", ""))),
        sender=str(message.get("From", "")),
        subject=str(message.get("Subject", "")).strip(),
        at=_received(key),
        text=text,
        html=html,
        links=_links(text, html),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""


def _received(key: str) -> datetime:
    """The time is the first part of a Maildir name: seconds, then microseconds after the M."""
    seconds, rest = key.split(".", 1)
    microseconds = re.match(r"M(\d+)", rest)
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(microseconds[1]) if microseconds else 0)


def _links(text: str, html: str) -> tuple[str, ...]:
    collector = _LinkCollector()
    collector.feed(html)
    found = [address.rstrip(TRAILING) for address in URL.findall(text)]
    return tuple(dict.fromkeys([*found, *collector.found]))


class _LinkCollector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") if tag == "a" else None
        if address and address.startswith(("http://", "https://")):
            self.found.append(address)
