"""What a hosted mail provider reports of messages it took: Anymail's tracking events, translated for the outbox."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import Mail, SuppressionReason
from core.outbox import suppression
from core.outbox.bounces import bounce
from core.outbox.transport import says_no_such_mailbox

logger = logging.getLogger(__name__)

CAME_BACK = {"bounced", "rejected", "failed"}
_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_OUR_ID = re.compile(r"<?([0-9a-f-]{36})@")


class Event(Protocol):
    """The part of ``anymail.signals.AnymailTrackingEvent`` that counts here."""

    event_type: str
    reject_reason: str | None
    message_id: str | None
    recipient: str | None
    description: str | None
    mta_response: str | None


def take(sender: object, event: Event, esp_name: str, **_: Any) -> None:  # noqa: ARG001 - the signal's signature
    """Record a bounce or a complaint. The same report twice, or about a mail of somebody else, changes nothing."""
    actor = Actor.system(f"mail provider {esp_name}")
    if event.event_type in CAME_BACK:
        _bounced(actor, event)
    elif event.event_type == "complained" and event.recipient:
        with suppress(Invalid):
            suppression.add(actor, address=event.recipient, reason=SuppressionReason.COMPLAINED, note=_words(event))


def _bounced(actor: Actor, event: Event) -> None:
    mail = _mail_of(event)
    if mail is None:
        logger.warning("A bounce was reported of a message that is not ours: %s", event.message_id)
        return
    with suppress(Conflict):
        bounce(actor, mail, reason=_words(event), suppress=_is_final(event))


def _mail_of(event: Event) -> Mail | None:
    message_id = event.message_id or ""
    mail = Mail.objects.filter(provider_id=message_id).order_by("-created_at").first() if message_id else None
    if mail is None and (ours := _OUR_ID.match(message_id)):
        mail = Mail.objects.filter(pk=UUID(ours[1])).first()
    return mail


def _is_final(event: Event) -> bool:
    """Whether the mailbox takes no mail at all. Providers call a full one bounced too, so its code has the last word."""
    said = f"{event.mta_response or ''} {event.description or ''}"
    if event.reject_reason == "invalid" or says_no_such_mailbox(said):
        return True
    return event.reject_reason == "bounced" and not _ENHANCED_CODE.search(said) and "soft" not in said.lower()


def _words(event: Event) -> str:
    return event.mta_response or event.description or f"Reported as {event.event_type}"
