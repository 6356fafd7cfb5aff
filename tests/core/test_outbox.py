"""The outbox against a real SMTP server: once each, whatever fails on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone

from core import outbox, tokens
from core.actor import Actor
from core.errors import Conflict
from core.models import AuditEvent, Mail, MailState
from tests.concurrency import at_once
from tests.core.conftest import Sink

TO = "partner@example.com"
pytestmark = pytest.mark.django_db


def queue(letter: str, **fields: object) -> Mail:
    link = outbox.Link("live")
    return outbox.enqueue(letter, to=TO, context={"name": "Ann & Bob"}, links={"door": link}, **fields)  # type: ignore[arg-type]


def test_a_queued_message_leaves_once_with_text_html_and_a_stable_id(sink: Sink, letter: str) -> None:
    mail = queue(letter)
    assert outbox.send(mail.id) is True
    assert outbox.send(mail.id) is False
    (message,) = sink.messages
    assert message["Subject"] == "Hello Ann & Bob"
    assert message["To"] == TO
    assert message["Message-ID"] == f"<{mail.id}@mag.example>"
    plain, html = (part.get_content() for part in message.iter_parts())
    assert "Dear Ann & Bob" in plain
    assert "Dear Ann &amp; Bob" in html
    mail.refresh_from_db()
    assert mail.state == MailState.SENT
    assert mail.sent_at is not None


def test_a_link_carries_its_secret_in_the_message_and_nowhere_in_the_row(
    sink: Sink, letter: str, settings: LazySettings
) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"
    token = tokens.issue("door", UUID(int=3), lifetime=timedelta(hours=1))
    mail = outbox.enqueue(letter, to=TO, links={"door": outbox.Link("door", token=token)})
    outbox.send(mail.id)
    secret = tokens.secret_of(token)
    assert f"{settings.BASE_URL}/door/{secret}/" in sink.messages[0].as_string().replace("=\n", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_mail::text FROM core_mail")
        assert secret not in str(cursor.fetchall())


def test_a_header_cannot_be_smuggled_in_by_a_name(sink: Sink, letter: str) -> None:
    mail = outbox.enqueue(
        letter, to=TO, context={"name": "x\r\nBcc: spy@example.com"}, links={"door": outbox.Link("live")}
    )
    assert outbox.send(mail.id) is True
    assert sink.messages[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("answer", "state"),
    [("451 later", MailState.QUEUED), ("550 no such user", MailState.FAILED)],
    ids=["passing", "for good"],
)
def test_a_refused_address_is_tried_again_or_given_up(sink: Sink, letter: str, answer: str, state: MailState) -> None:
    mail = queue(letter)
    sink.answers[TO] = answer
    assert outbox.send(mail.id) is False
    mail.refresh_from_db()
    assert mail.state == state
    assert mail.last_error == answer
    assert sink.messages == []


def test_without_a_mail_server_waits_grow_until_the_message_is_given_up(letter: str, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,
    )
    mail = queue(letter)
    waits = []
    for _ in range(20):
        with time_machine.travel(mail.due_at + timedelta(seconds=1), tick=False):
            outbox.send(mail.id)
            mail.refresh_from_db()
            if mail.state == MailState.FAILED:
                break
            waits.append(mail.due_at - timezone.now())
    assert tuple(waits) == outbox.WAITS
    assert mail.state == MailState.FAILED


def test_a_failed_message_leaves_after_resend_and_the_trail_says_who_asked(sink: Sink, letter: str) -> None:
    mail = queue(letter)
    sink.answers[TO] = "550 no"
    outbox.send(mail.id)
    mail.refresh_from_db()
    sink.answers.clear()
    outbox.resend(Actor.system("test"), mail)
    assert outbox.send(mail.id) is True
    assert AuditEvent.objects.filter(action="core.mail.resend", target_id=str(mail.id)).count() == 1


def test_a_sent_message_cannot_be_resent(sink: Sink, letter: str) -> None:
    mail = queue(letter)
    outbox.send(mail.id)
    mail.refresh_from_db()
    with pytest.raises(Conflict):
        outbox.resend(Actor.system("test"), mail)


@pytest.mark.parametrize(("seconds", "freed"), [(-1, False), (1, True)])
def test_the_sweep_frees_a_row_whose_worker_died(sink: Sink, letter: str, seconds: int, freed: bool) -> None:
    start = timezone.now()
    Mail.objects.filter(pk=queue(letter).pk).update(state=MailState.SENDING, claimed_at=start, attempts=1)
    with time_machine.travel(start + outbox.CLAIM_LIFETIME + timedelta(seconds=seconds), tick=False):
        outbox.sweep()
    assert (Mail.objects.get().state == MailState.QUEUED) is freed


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_the_same_moment_free_each_row_once(letter: str) -> None:
    start = timezone.now() - outbox.CLAIM_LIFETIME - timedelta(seconds=1)
    for _ in range(20):
        Mail.objects.filter(pk=queue(letter).pk).update(state=MailState.SENDING, claimed_at=start, attempts=1)
    assert at_once([outbox.sweep] * 4) == [None] * 4
    assert Mail.objects.filter(state=MailState.QUEUED, due_at__gt=timezone.now()).count() == 20


def test_the_sweep_wakes_only_what_is_due(letter: str) -> None:
    mail = queue(letter)
    for moment, woken in ((mail.due_at, 0), (mail.due_at + outbox.GRACE + timedelta(seconds=1), 1)):
        with time_machine.travel(moment, tick=False):
            assert outbox.sweep() == woken


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_rolled_back_decision_does_not_exist(letter: str) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue(letter)
        raise ZeroDivisionError
    assert not Mail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_exactly_one_sends(sink: Sink, letter: str) -> None:
    mail = queue(letter)

    def work(_: int) -> bool:
        try:
            return outbox.send(mail.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(16))) == 1
    assert len(sink.messages) == 1
