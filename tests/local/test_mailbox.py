"""The development mailbox: what goes in by SMTP comes out in the browser and as JSON."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage, Message
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mag_portal.local import ports
from mag_portal.local.mailbox import site, smtp

HTML = '<p>Go <a href="https://gateway.example/invitation/abc/">there</a></p><script>alert(1)</script>'


class Mailbox:
    def __init__(self, smtp_port: int, web_port: int) -> None:
        self.smtp_port = smtp_port
        self.web = f"http://127.0.0.1:{web_port}"

    def deliver(self, subject: str, *, to: str = "kim@example.org", text: str = "Hello", html: str = "") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "gateway@example.org", to, subject
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as client:
            client.send_message(mail)

    def get(self, path: str, *, host: str = "") -> tuple[int, Message, str]:
        request = urllib.request.Request(f"{self.web}{path}", headers={"Host": host} if host else {})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.get(f"/api/messages{query}")[2])
        return found


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    smtp_port, web_port = ports.find(2)
    receiver = smtp.controller(tmp_path / "mail", host="127.0.0.1", port=smtp_port)
    receiver.start()
    server = site.server(tmp_path / "mail", host="127.0.0.1", port=web_port)
    # It looks as often whether it is to end.
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Mailbox(smtp_port, web_port)
    server.shutdown()
    server.server_close()
    receiver.stop()


def test_newest_mail_comes_first(mailbox: Mailbox) -> None:
    for subject in ("one", "two", "three"):
        mailbox.deliver(subject)
    assert [mail["subject"] for mail in mailbox.messages()] == ["three", "two", "one"]


def test_a_mail_has_its_two_forms_and_its_links(mailbox: Mailbox) -> None:
    mailbox.deliver(
        "Grüße – ein sehr langer Betreff, der über die Länge einer Zeile hinausgeht und gefaltet wird",
        text="See https://gateway.example/help/, or https://gateway.example/a?b=c&d=e.",
        html=HTML,
    )
    (mail,) = mailbox.messages()
    assert (
        mail["subject"]
        == "Grüße – ein sehr langer Betreff, der über die Länge einer Zeile hinausgeht und gefaltet wird"
    )
    assert mail["to"] == "kim@example.org"
    assert mail["text"].startswith("See https://")
    assert "<p>Go" in mail["html"]
    assert mail["links"] == [
        "https://gateway.example/help/",
        "https://gateway.example/a?b=c&d=e",
        "https://gateway.example/invitation/abc/",
    ]


def test_mail_can_be_asked_for_by_recipient(mailbox: Mailbox) -> None:
    mailbox.deliver("for Kim")
    mailbox.deliver("for Lee", to="Lee@example.org")
    assert [mail["subject"] for mail in mailbox.messages("?to=lee@example.org")] == ["for Lee"]
    assert mailbox.messages("?to=nobody@example.org") == []


def test_pages_show_the_mail_escaped_and_its_html_boxed_in(mailbox: Mailbox) -> None:
    mailbox.deliver("<b>bold</b> & more", html=HTML)
    (mail,) = mailbox.messages()
    _, headers, listing = mailbox.get("/")
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in listing
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    _, _, page = mailbox.get(f"/messages/{mail['id']}/")
    assert "alert(1)" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    _, headers, html = mailbox.get(f"/messages/{mail['id']}/html")
    assert "alert(1)" in html
    assert "sandbox allow-popups" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]


def test_empty_mailbox_says_so(mailbox: Mailbox) -> None:
    assert mailbox.messages() == []
    assert "No mail yet." in mailbox.get("/")[2]


@pytest.mark.parametrize("path", ["/messages/unknown/", "/messages/../../etc/passwd", "/nowhere", "/messages/"])
def test_what_is_not_there_is_404(mailbox: Mailbox, path: str) -> None:
    assert mailbox.get(path)[0] == 404


def test_a_foreign_name_that_leads_here_reads_nothing(mailbox: Mailbox) -> None:
    mailbox.deliver("secret link")
    status, _, body = mailbox.get("/api/messages", host="evil.example")
    assert status == 421
    assert "secret" not in body
