from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings


@dataclass
class Sink:
    """A real SMTP server that keeps what it takes and answers RCPT with what ``answers`` says for the address.

    ``sender_answer`` and ``data_answer`` are its answers to MAIL and to the words. ``falls_silent`` makes it hang up once it
    has taken the words, before it says so. ``greetings`` counts connections.
    """

    messages: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    sender_answer: str = "250 OK"
    data_answer: str = "250 OK"
    falls_silent: bool = False
    greetings: int = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greetings += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, mail_options: Any
    ) -> str:
        if self.sender_answer.startswith("250"):
            envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, rcpt_options: Any
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.data_answer.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.falls_silent:
            server.transport.abort()
        return self.data_answer


@pytest.fixture
def sink(settings: LazySettings) -> Iterator[Sink]:
    server = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    yield server
    controller.stop()


@pytest.fixture
def letter(settings: LazySettings, tmp_path: Path) -> str:
    """A mail template of the tests' own: its name."""
    (tmp_path / "letter.subject.txt").write_text("Hello\n{{ name }} ")
    (tmp_path / "letter.txt").write_text("Dear {{ name }}, go to {{ door_url }} of {{ operator_name }}.")
    (tmp_path / "letter.html").write_text("<p>Dear {{ name }}, <a href='{{ door_url }}'>go</a></p>")
    templates = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    settings.TEMPLATES = templates
    return "letter"
