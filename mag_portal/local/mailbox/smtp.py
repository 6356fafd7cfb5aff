"""The SMTP side: whatever is delivered lands in the Maildir, whoever it is addressed to."""

from __future__ import annotations

from email.message import Message
from mailbox import Maildir, MaildirMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler


class MaildirHandler(MessageHandler):
    """Stores each message with its envelope in ``X-MailFrom`` and ``X-RcptTo``."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._maildir = Maildir(folder, create=True)

    def handle_message(self, message: Message) -> None:
        self._maildir.add(MaildirMessage(message))


def controller(folder: Path, *, host: str, port: int) -> Controller:
    return Controller(MaildirHandler(folder), hostname=host, port=port, decode_data=False, ident="development mailbox")
