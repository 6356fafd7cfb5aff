"""Mail through a hosted provider, here a small real server: sent by its interface, and what it reports afterwards."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest
import time_machine
from anymail.signals import tracking
from django.conf import LazySettings
from django.test import Client
from django.urls import path

from core import outbox
from core.models import Mail, MailState, Suppression
from core.outbox import reports
from core.views import health
from mag_portal import mail_events

pytestmark = pytest.mark.django_db
TO, SECRET = "partner@example.com", "reports:" + "s" * 40


class Provider(BaseHTTPRequestHandler):
    """Answers as Postmark does: with ``answer``, or not at all."""

    answer: tuple[int, dict[str, Any]] | None
    taken: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.answer is None:
            self.connection.close()
            return
        status, document = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        pass


INACTIVE = f"Found inactive addresses: {TO}. Inactive recipients are ones that have generated a hard bounce."
TAKEN = (200, {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a-e38e-4336", "To": TO})


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[type[Provider]]:
    Provider.taken, Provider.answer = [], TAKEN
    server = HTTPServer(("127.0.0.1", 0), Provider)
    # It looks as often whether it is to end.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_port}/",
        "WEBHOOK_SECRET": SECRET,
    }
    tracking.connect(reports.take)
    yield Provider
    tracking.disconnect(reports.take)
    server.shutdown()
    server.server_close()


@pytest.fixture
def door(settings: LazySettings, client: Client) -> Client:
    urls = ModuleType("tests_mail_events")
    urls.urlpatterns = [mail_events.webhook("postmark"), path("healthz", health.live, name="live")]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = urls
    return client


def sent(letter: str) -> Mail:
    mail = outbox.enqueue(letter, to=TO, context={"name": "Ann"}, links={"door": outbox.Link("live")})
    outbox.send(mail.id)
    mail.refresh_from_db()
    return mail


def report(door: Client, secret: str = SECRET, **fields: Any) -> int:
    document = {"RecordType": "Bounce", "MessageID": TAKEN[1]["MessageID"], "Email": TO, **fields}
    credentials = base64.b64encode(secret.encode()).decode()
    return door.post(
        "/mail-events/postmark/",
        document,
        content_type="application/json",
        headers={"Authorization": f"Basic {credentials}"},
    ).status_code


HARD = {"Type": "HardBounce", "Description": "The server was unable to deliver", "Details": "550 5.1.1 User unknown"}


def test_a_message_leaves_by_the_provider_and_keeps_its_id_there(provider: type[Provider], letter: str) -> None:
    mail = sent(letter)
    assert mail.state == MailState.SENT
    assert mail.provider_id == "b7bc2f4a-e38e-4336"
    (taken,) = provider.taken
    assert taken["To"] == TO
    assert {"Name": "Message-ID", "Value": f"<{mail.id}@mag.example>"} in taken["Headers"]


@pytest.mark.parametrize(
    ("answer", "state", "doubts"),
    [
        ((200, {"ErrorCode": 406, "Message": INACTIVE}), MailState.FAILED, 0),
        ((500, {"ErrorCode": 100, "Message": "Maintenance"}), MailState.QUEUED, 0),
        ((401, {"ErrorCode": 10, "Message": "Bad token"}), MailState.QUEUED, 0),
        (None, MailState.QUEUED, 1),
    ],
    ids=["address refused", "out of order", "not let in", "silent"],
)
def test_what_the_provider_does_not_take_waits_or_fails(
    provider: type[Provider], letter: str, answer: Any, state: MailState, doubts: int
) -> None:
    provider.answer = answer
    mail = sent(letter)
    assert (mail.state, mail.doubts) == (state, doubts)
    assert mail.last_error
    if state == MailState.QUEUED:
        provider.answer = TAKEN
        with time_machine.travel(mail.due_at, tick=False):
            assert outbox.send(mail.id) is True


def test_a_reported_bounce_is_recorded_once_and_suppresses_the_address(
    provider: type[Provider], door: Client, letter: str
) -> None:
    mail = sent(letter)
    assert [report(door, **HARD), report(door, **HARD)] == [200, 200]
    mail.refresh_from_db()
    assert mail.state == MailState.SENT
    assert mail.bounce_reason == "550 5.1.1 User unknown"
    entry = Suppression.objects.get()
    assert (entry.address, entry.reason) == (TO, "bounced")
    assert entry.added_by == "system: mail provider Postmark"


@pytest.mark.parametrize(
    ("fields", "suppressed"),
    [
        ({"Type": "SoftBounce", "Description": "Mailbox full", "Details": "452 4.2.2 Full"}, False),
        ({"Type": "SoftBounce", "Description": "Soft bounce"}, False),
        ({"Type": "HardBounce", "Details": "550 5.7.1 Policy"}, False),
        ({"Type": "HardBounce", "Description": "Unable to deliver"}, True),
        ({"Type": "BadEmailAddress", "Description": "Not an address"}, True),
        ({"Type": "Blocked", "Description": "Blocked by the receiver"}, False),
    ],
)
def test_only_a_mailbox_that_takes_no_mail_is_suppressed(
    provider: type[Provider], door: Client, letter: str, fields: dict[str, str], suppressed: bool
) -> None:
    mail = sent(letter)
    assert report(door, **fields) == 200
    mail.refresh_from_db()
    assert mail.bounced_at is not None
    assert Suppression.objects.exists() is suppressed


def test_a_complaint_suppresses_the_address_and_is_no_bounce(
    provider: type[Provider], door: Client, letter: str
) -> None:
    mail = sent(letter)
    assert report(door, RecordType="SpamComplaint", Type="SpamComplaint") == 200
    mail.refresh_from_db()
    assert mail.bounced_at is None
    assert Suppression.objects.get().reason == "complained"


def test_a_report_about_somebody_else_s_message_changes_nothing(
    provider: type[Provider], door: Client, letter: str
) -> None:
    mail = sent(letter)
    assert report(door, MessageID="0000", **HARD) == 200
    mail.refresh_from_db()
    assert mail.bounced_at is None
    assert not Suppression.objects.exists()


def test_a_report_is_found_by_our_own_message_id_where_the_provider_keeps_it(
    provider: type[Provider], door: Client, letter: str
) -> None:
    mail = sent(letter)
    assert report(door, MessageID=f"<{mail.id}@mag.example>", **HARD) == 200
    mail.refresh_from_db()
    assert mail.bounced_at is not None


@pytest.mark.parametrize("secret", ["reports:wrong", "", "other:" + "s" * 40])
def test_a_report_without_the_secret_is_refused(
    provider: type[Provider], door: Client, letter: str, secret: str
) -> None:
    mail = sent(letter)
    assert report(door, secret=secret, **HARD) == 400
    mail.refresh_from_db()
    assert mail.bounced_at is None


def test_without_a_provider_there_is_no_door(client: Client) -> None:
    assert client.post("/mail-events/postmark/", {}, content_type="application/json").status_code == 404


def test_a_provider_that_anymail_does_not_know_is_named() -> None:
    with pytest.raises(LookupError, match="pigeon"):
        mail_events.webhook("pigeon")
