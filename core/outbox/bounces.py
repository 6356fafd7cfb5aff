"""Messages that came back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core import audit
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import Mail, MailState, SuppressionReason
from core.outbox import suppression
from core.ports import mail_listener

COMES_BACK = (MailState.SENDING, MailState.SENT, MailState.FAILED)


@transaction.atomic
def bounce(actor: Actor, mail: Mail, *, reason: str, suppress: bool = True) -> Mail:
    """Record that ``mail`` came back, tell the room above, and put its address on the suppression list.

    ``reason`` is what the mail server or the person said. ``suppress=False`` leaves the address alone: where the mailbox
    exists, and was only full. Raises ``Invalid`` without a reason, ``Conflict`` where the message was never handed over
    or its bounce is known already.
    """
    words = " ".join(reason.split())[:300]
    if not words:
        raise Invalid(fields={"reason": "Say why the message came back."})
    recorded = Mail.objects.filter(pk=mail.pk, state__in=COMES_BACK, bounced_at__isnull=True)
    now = timezone.now()
    if not recorded.update(bounced_at=now, bounce_reason=words):
        raise Conflict("This message has not been sent yet, or its bounce is recorded already.")
    mail.bounced_at, mail.bounce_reason = now, words
    audit.record(actor, "core.mail.bounce", mail, reason=words, organization_id=mail.organization_id)
    if suppress:
        suppression.add(actor, address=mail.to, reason=SuppressionReason.BOUNCED, note=words)
    mail_listener().bounced(mail, reason=words)
    return mail
