"""How a message leaves: claimed as late as possible, tried again with growing waits, given up with its reason.

A row is ``sending`` only between the mail server's acceptance of sender and recipient and our commit of its OK. So a worker
that dies before has sent nothing and its row is still ``queued``; a row that a dead worker left in ``sending`` may have left.
It is sent again under the same ``Message-ID`` and counted in ``doubts``: a double is better than an invitation lost.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core import audit, states, wakeups
from core.actor import Actor
from core.errors import Conflict
from core.models import Mail, MailState, Suppression
from core.outbox import suppression, transport
from core.outbox.bounces import bounce
from core.outbox.letters import QUEUE, TASK, compose
from core.outbox.transport import NotSent

logger = logging.getLogger(__name__)

OUTBOX = states.register(
    Mail,
    [
        ("claim", MailState.QUEUED, MailState.SENDING),
        ("deliver", (MailState.SENDING, MailState.QUEUED), MailState.SENT),
        ("retry", (MailState.SENDING, MailState.QUEUED), MailState.QUEUED),
        ("give_up", (MailState.SENDING, MailState.QUEUED), MailState.FAILED),
        ("suppress", MailState.QUEUED, MailState.SUPPRESSED),
        ("let_go", MailState.FAILED, MailState.SUPPRESSED),
        ("resend", (MailState.FAILED, MailState.SUPPRESSED), MailState.QUEUED),
    ],
    audited=False,
)

# Longer than any one message takes: four answers of the server, each at most EMAIL_TIMEOUT.
CLAIM_LIFETIME = timedelta(minutes=5)
# A row younger than this has a wake-up of its own under way.
GRACE = timedelta(seconds=10)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600, 43200))
# The sweep fills the queue of wake-ups up to this and no further: a row is not woken a thousand times while it waits.
IN_FLIGHT = 500
SENDER = Actor.system("outbox")


def send(mail_id: UUID) -> bool:
    """Send the row if it is due. False when it was not (sent already, not yet due, another worker's), or did not leave."""
    mail = Mail.objects.filter(pk=mail_id, state=MailState.QUEUED, due_at__lte=timezone.now()).first()
    if mail is None:
        return False
    if entry := suppression.entry_for(mail.to):
        return _hold_back(mail, entry)
    try:
        message = compose(mail)
    except Exception as error:
        # A worker older than the template, or a link that is gone: the next try may know more.
        logger.exception("Mail %s (%s) cannot be written", mail.id, mail.template)
        return _failed(mail, NotSent(f"It cannot be written: {type(error).__name__}."))
    try:
        provider_id = transport.hand_over(message, before_words=lambda: _claim(mail))
    except NotSent as refusal:
        return _failed(mail, refusal)
    except Conflict:
        return False
    _delivered(mail, provider_id)
    return True


def sweep(*, limit: int = IN_FLIGHT) -> int:
    """Free rows whose worker died, and wake workers for rows that are due; returns how many were woken.

    Never more than ``limit`` wake-ups wait in the queue on account of the sweep.
    """
    now = timezone.now()
    for mail in Mail.objects.filter(state=MailState.SENDING, claimed_at__lt=now - CLAIM_LIFETIME)[:limit]:
        _failed(mail, NotSent("The worker that held this message ended while it was handed over.", doubtful=True))
    room = limit - wakeups.waiting(QUEUE)
    if room <= 0:
        return 0
    due = Mail.objects.filter(state=MailState.QUEUED, due_at__lte=now - GRACE).order_by("due_at")
    ids = list(due.values_list("id", flat=True)[:room])
    for mail_id in ids:
        wakeups.now(TASK, str(mail_id), queue=QUEUE)
    return len(ids)


def resend(actor: Actor, mail: Mail) -> Mail:
    """Queue a message again that failed for good, or that was suppressed and whose address is off the list."""
    entry = suppression.entry_for(mail.to)
    if entry is not None:
        raise Conflict(
            f"{mail.to} is on the suppression list ({entry.get_reason_display()}). Take it off the list first."
        )
    with transaction.atomic():
        fresh: dict[str, Any] = {"due_at": timezone.now(), "attempts": 0, "bounced_at": None, "bounce_reason": ""}
        states.advance(mail, "resend", actor=actor, **fresh)
        audit.record(actor, "core.mail.resend", mail, organization_id=mail.organization_id)
        wakeups.after_commit(TASK, str(mail.id), queue=QUEUE)
    return mail


def let_go(actor: Actor, mail: Mail) -> Mail:
    """Stop showing a dead letter as something to be dealt with; it can still be resent."""
    with transaction.atomic():
        states.advance(mail, "let_go", actor=actor)
        audit.record(actor, "core.mail.let_go", mail, reason=mail.last_error, organization_id=mail.organization_id)
    return mail


def _claim(mail: Mail) -> None:
    states.advance(mail, "claim", actor=SENDER, claimed_at=timezone.now(), attempts=mail.attempts + 1)


def _delivered(mail: Mail, provider_id: str) -> None:
    done: dict[str, Any] = {"sent_at": timezone.now(), "last_error": "", "provider_id": provider_id}
    try:
        states.advance(mail, "deliver", actor=SENDER, **done)
    except Conflict:
        # The sweep took this worker for dead and queued the row again: it has left, so it must not leave once more.
        mail.refresh_from_db(fields=["state"])
        if mail.state == MailState.QUEUED:
            states.advance(mail, "deliver", actor=SENDER, **done)


def _hold_back(mail: Mail, entry: Suppression) -> bool:
    reason = f"{entry.get_reason_display()}, on the list since {entry.created_at:%Y-%m-%d}: {entry.note}"
    with suppress(Conflict):
        states.advance(mail, "suppress", actor=SENDER, last_error=reason[:300])
    return False


def _failed(mail: Mail, refusal: NotSent) -> bool:
    """Plan the next try, or give up. A row that has moved on meanwhile is left alone: it came back, or another was first."""
    logger.warning("Mail %s (%s) did not leave: %s", mail.id, mail.template, refusal.reason)
    attempts = mail.attempts if mail.state == MailState.SENDING else mail.attempts + 1
    known: dict[str, Any] = {
        "attempts": attempts,
        "last_error": refusal.reason[:300],
        "doubts": mail.doubts + refusal.doubtful,
    }
    with suppress(Conflict):
        if refusal.permanent or attempts > len(WAITS):
            _give_up(mail, refusal, known)
        else:
            wait = WAITS[max(attempts, 1) - 1]
            states.advance(mail, "retry", actor=SENDER, due_at=timezone.now() + wait, **known)
    return False


@transaction.atomic
def _give_up(mail: Mail, refusal: NotSent, known: dict[str, Any]) -> None:
    """A dead letter; where the mailbox does not exist it is a bounce too."""
    states.advance(mail, "give_up", actor=SENDER, **known)
    if refusal.no_such_mailbox:
        bounce(SENDER, mail, reason=refusal.reason)
