"""What the audit trail tells the owner of an account about signing in to it, refused tries included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.proofs import Proof
from core.audit import words
from core.models import AuditEvent, Outcome

ROOMS = (
    "session",
    "sign_in",
    "password",
    "one_time_password",
    "factor",
    "recovery_codes",
    "recovery_code",
    "device",
    "access_token",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history: what happened, how it ended, with what and from where, and by whom if by somebody else."""

    event: AuditEvent
    what: str
    outcome: str
    tone: str
    details: str
    by: str


def events_of(user: User) -> QuerySet[AuditEvent]:
    """Everything about ``user`` signing in, by whomever; sort and cut it with ``core.pagination``."""
    about = Q(target_type=User._meta.label, target_id=str(user.pk))
    rooms = Q()
    for room in ROOMS:
        rooms |= Q(action__startswith=f"accounts.{room}.")
    return AuditEvent.objects.filter((about & rooms) | Q(actor_id=user.pk, action="accounts.session.end"))


def entries(user: User, events: Sequence[AuditEvent]) -> list[Entry]:
    return [_entry(user, event) for event in events]


def _entry(user: User, event: AuditEvent) -> Entry:
    is_done = event.outcome == Outcome.DONE
    return Entry(
        event=event,
        what=words.sentence(event.action),
        outcome=_("Done") if is_done else _("Refused"),
        tone="success" if is_done else "warning",
        details=" · ".join(_details(event)),
        by="" if event.actor_id in {user.pk, None} else event.actor_label,
    )


def _details(event: AuditEvent) -> list[str]:
    labels = dict(Proof.choices)
    proofs = ", ".join(str(labels.get(proof, proof)) for proof in event.data.get("proofs", []))
    return [text for text in (proofs, event.data.get("device", ""), event.reason) if text]
