"""What mail servers say when they do not take a message, and what becomes of it then."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from core import outbox
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import AuditEvent, Mail, MailState, Suppression, SuppressionReason
from core.outbox import suppression, transport
from core.ports import mail_listener
from tests.core.conftest import Sink

TO = "Partner@Example.com"
CLERK = Actor.system("test")
pytestmark = pytest.mark.django_db


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[UUID | None, str]] = []

    def bounced(self, mail: Mail, *, reason: str) -> None:
        self.heard.append((mail.about, reason))


@pytest.fixture
def listener() -> Iterator[Listener]:
    before, listening = mail_listener(), Listener()
    mail_listener.bind(listening)
    yield listening
    mail_listener.bind(before)


@pytest.fixture
def mail(letter: str) -> Mail:
    return outbox.enqueue(letter, to=TO, context={"name": "Ann"}, links={"door": outbox.Link("live")}, about=uuid4())


def sent(mail: Mail) -> Mail:
    outbox.send(mail.id)
    mail.refresh_from_db()
    return mail


# --- What an answer means -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "comes_back"),
    [
        ("550 5.1.1 User unknown", True),
        ("550 5.1.10 Domain takes no mail", True),
        ("553 5.1.3 Bad address", True),
        ("550 5.2.1 Mailbox disabled", True),
        ("550 5.7.1 Rejected by policy", False),
        ("552 5.2.2 Mailbox full", False),
        ("550 5.1.11 Something new", False),
        ("550 No", False),
        ("450 4.1.1 Not known yet", False),
    ],
)
def test_only_a_mailbox_that_does_not_exist_is_a_bounce(
    sink: Sink, mail: Mail, listener: Listener, answer: str, comes_back: bool
) -> None:
    sink.answers[TO] = answer
    assert sent(mail).state == (MailState.QUEUED if answer.startswith("4") else MailState.FAILED)
    assert mail.last_error == answer
    assert (mail.bounced_at is not None) is comes_back
    assert listener.heard == ([(mail.about, answer)] if comes_back else [])
    assert Suppression.objects.filter(address=TO.lower()).exists() is comes_back


@pytest.mark.parametrize(
    ("answer", "state"),
    [("554 5.7.1 Looks like spam", MailState.FAILED), ("452 4.3.1 Disk full", MailState.QUEUED)],
)
def test_refused_words_end_the_message_or_wait(sink: Sink, mail: Mail, answer: str, state: MailState) -> None:
    sink.data_answer = answer
    assert sent(mail).state == state
    assert (mail.last_error, mail.doubts, mail.attempts) == (answer, 0, 1)


def test_a_refused_sender_is_the_operator_s_to_mend_so_the_message_waits(sink: Sink, mail: Mail) -> None:
    sink.sender_answer = "550 5.7.1 You may not send as this address"
    assert sent(mail).state == MailState.QUEUED
    sink.sender_answer = "250 OK"
    with time_machine.travel(mail.due_at, tick=False):
        assert outbox.send(mail.id) is True


def test_a_server_that_falls_silent_after_the_words_leaves_a_doubt(sink: Sink, mail: Mail) -> None:
    sink.falls_silent = True
    assert sent(mail).state == MailState.QUEUED
    assert mail.doubts == 1
    sink.falls_silent = False
    with time_machine.travel(mail.due_at, tick=False):
        assert outbox.send(mail.id) is True
    assert len(sink.messages) == 2
    assert len({message["Message-ID"] for message in sink.messages}) == 1


def test_a_message_that_cannot_be_written_waits_for_a_worker_that_can(sink: Sink, mail: Mail) -> None:
    Mail.objects.filter(pk=mail.pk).update(template="not/there/yet")
    assert sent(mail).state == MailState.QUEUED
    assert mail.last_error == "It cannot be written: TemplateDoesNotExist."


# --- Claims -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("refusal", ["421 4.3.2 Not now", "550 5.1.1 Unknown"])
def test_a_message_refused_before_its_words_was_never_in_doubt(
    sink: Sink, mail: Mail, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    sink.answers[TO] = refusal
    states: list[str] = []
    original = transport._expect

    def look(answer: tuple[int, bytes], what: str) -> None:
        states.append(Mail.objects.get().state)
        original(answer, what)

    monkeypatch.setattr(transport, "_expect", look)
    sent(mail)
    assert states == ["queued", "queued"]


def test_a_worker_taken_for_dead_that_comes_back_keeps_the_message_from_leaving_again(
    sink: Sink, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = transport.hand_over

    def slow(*args: object, **options: object) -> str:
        answer = original(*args, **options)  # type: ignore[arg-type]
        with time_machine.travel(timezone.now() + outbox.CLAIM_LIFETIME * 2, tick=False):
            outbox.sweep()
        assert Mail.objects.get().state == MailState.QUEUED
        return answer

    monkeypatch.setattr(transport, "hand_over", slow)
    assert sent(mail).state == MailState.SENT
    assert mail.doubts == 1
    assert len(sink.messages) == 1


# --- Connections --------------------------------------------------------------------------------------------------
def test_messages_share_a_connection_and_a_dead_one_is_replaced(sink: Sink, letter: str) -> None:
    for number in range(3):
        assert outbox.send(outbox.enqueue(letter, to=f"a{number}@x.example", links={"door": outbox.Link("live")}).id)
    assert sink.greetings == 1
    kept: Any = transport._line._connection
    kept.connection.sock.shutdown(socket.SHUT_RDWR)
    assert outbox.send(outbox.enqueue(letter, to="b@x.example", links={"door": outbox.Link("live")}).id)
    assert sink.greetings == 2


def test_a_connection_is_not_kept_for_ever(sink: Sink, letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_SECONDS", -1.0)
    for number in range(2):
        assert outbox.send(outbox.enqueue(letter, to=f"a{number}@x.example", links={"door": outbox.Link("live")}).id)
    assert sink.greetings == 2


def test_a_refusal_leaves_the_connection_in_order(sink: Sink, mail: Mail, letter: str) -> None:
    sink.answers[TO] = "550 5.1.1 Unknown"
    sent(mail)
    assert outbox.send(outbox.enqueue(letter, to="b@x.example", links={"door": outbox.Link("live")}).id)
    assert sink.greetings == 1
    assert [message["To"] for message in sink.messages] == ["b@x.example"]


# --- The suppression list -----------------------------------------------------------------------------------------
def test_nothing_is_sent_to_a_suppressed_address_until_it_is_taken_off_the_list(sink: Sink, mail: Mail) -> None:
    entry = suppression.add(CLERK, address=TO, reason=SuppressionReason.BY_HAND, note="Left the company")
    assert sent(mail).state == MailState.SUPPRESSED
    assert "Left the company" in mail.last_error
    assert sink.messages == []
    with pytest.raises(Conflict, match="suppression list"):
        outbox.resend(CLERK, mail)
    suppression.lift(CLERK, entry)
    outbox.resend(CLERK, mail)
    assert sent(mail).state == MailState.SENT
    assert list(
        AuditEvent.objects.filter(action__startswith="core.suppression").order_by("at").values_list("action", flat=True)
    ) == ["core.suppression.add", "core.suppression.lift"]


def test_an_address_is_on_the_list_once_whatever_its_letters(letter: str) -> None:
    first = suppression.add(CLERK, address=" Partner@EXAMPLE.com", reason=SuppressionReason.COMPLAINED)
    assert suppression.add(CLERK, address="partner@example.com", reason=SuppressionReason.BY_HAND) == first
    assert suppression.entry_for("PARTNER@example.com") == first
    assert Suppression.objects.get().reason == SuppressionReason.COMPLAINED


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        suppression.add(CLERK, address="partner at example", reason=SuppressionReason.BY_HAND)
    assert "address" in refusal.value.fields


# --- Bounces ------------------------------------------------------------------------------------------------------
def test_a_bounce_is_recorded_once_told_above_and_suppresses_the_address(
    sink: Sink, mail: Mail, listener: Listener
) -> None:
    outbox.bounce(CLERK, sent(mail), reason="  user\nunknown ")
    assert mail.state == MailState.SENT
    assert mail.bounce_reason == "user unknown"
    assert listener.heard == [(mail.about, "user unknown")]
    assert suppression.entry_for(TO) is not None
    assert AuditEvent.objects.filter(action="core.mail.bounce", target_id=str(mail.id)).count() == 1
    with pytest.raises(Conflict):
        outbox.bounce(CLERK, mail, reason="again")
    assert len(listener.heard) == 1


def test_a_full_mailbox_does_not_suppress_its_address(sink: Sink, mail: Mail, listener: Listener) -> None:
    outbox.bounce(CLERK, sent(mail), reason="full", suppress=False)
    assert listener.heard
    assert suppression.entry_for(TO) is None


def test_what_has_not_been_sent_cannot_come_back(mail: Mail, listener: Listener) -> None:
    with pytest.raises(Conflict):
        outbox.bounce(CLERK, mail, reason="no")
    assert listener.heard == []


def test_a_bounce_needs_its_reason(sink: Sink, mail: Mail) -> None:
    with pytest.raises(Invalid):
        outbox.bounce(CLERK, sent(mail), reason=" \n ")


def test_a_listener_that_fails_undoes_the_record(sink: Sink, mail: Mail, listener: Listener) -> None:
    listener.bounced = lambda *_, **__: 1 / 0  # type: ignore[assignment,method-assign]
    with pytest.raises(ZeroDivisionError):
        outbox.bounce(CLERK, sent(mail), reason="no")
    mail.refresh_from_db()
    assert mail.bounced_at is None
    assert suppression.entry_for(TO) is None


def test_a_message_that_came_back_at_hand_over_can_be_resent_and_come_back_again(
    sink: Sink, mail: Mail, listener: Listener
) -> None:
    sink.answers[TO] = "550 5.1.1 Unknown"
    for _ in range(2):
        assert sent(mail).state == MailState.FAILED
        suppression.lift(CLERK, Suppression.objects.get())
        outbox.resend(CLERK, mail)
    assert len(listener.heard) == 2


# --- The sweep ----------------------------------------------------------------------------------------------------
def test_the_sweep_wakes_no_more_than_there_is_room_for(letter: str, settings: LazySettings) -> None:
    for number in range(6):
        outbox.enqueue(letter, to=f"a{number}@x.example")
    with time_machine.travel(timezone.now() + outbox.GRACE * 2, tick=False):
        assert [outbox.sweep(limit=4) for _ in range(3)] == [4, 0, 0]
