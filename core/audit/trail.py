"""Finding events again: what may be asked for, and the rows that answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.audit import words
from core.models import AuditEvent, AuditSeal


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for; nothing asked for is everything.

    ``text`` is a User ID, a name or address, a network address, a request id, or the id of an object; ``since`` and ``until``
    are days in the zone of whoever asks, both of them included.
    """

    text: str = ""
    area: str = ""
    outcome: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrow(self) -> bool:
        return any((self.text, self.area, self.outcome, self.since, self.until))

    def in_words(self) -> dict[str, str]:
        """What was asked for, for the trail itself and for manifests."""
        asked = {
            "text": self.text,
            "area": self.area,
            "outcome": self.outcome,
            "since": _start(self.since).isoformat() if self.since else "",
            "before": _start(self.until + timedelta(days=1)).isoformat() if self.until else "",
        }
        return {name: value for name, value in asked.items() if value}


def of_chain(chain: UUID) -> QuerySet[AuditEvent]:
    """The events of an organisation, or of the operator (``AuditSeal.OPERATOR_CHAIN``)."""
    return AuditEvent.objects.filter(organization_id=None if chain == AuditSeal.OPERATOR_CHAIN else chain)


def found(events: QuerySet[AuditEvent], asked: Asked) -> QuerySet[AuditEvent]:
    """Those of ``events`` that are asked for."""
    if asked.text:
        events = events.filter(_mentions(asked.text))
    if asked.area:
        actions = [action for area in words.areas() if area.code == asked.area for action in area.sentences]
        events = events.filter(action__in=actions)
    if asked.outcome:
        events = events.filter(outcome=asked.outcome)
    if asked.since:
        events = events.filter(at__gte=_start(asked.since))
    if asked.until:
        events = events.filter(at__lt=_start(asked.until + timedelta(days=1)))
    return events


def _mentions(text: str) -> Q:
    keys = words.meant(text)
    known = Q(actor_label__iexact=text) | Q(request_id=text) | Q(target_id__in={text, *keys})
    return known | Q(ip__in=_addresses(text)) | Q(actor_id__in=keys | set(_ids(text)))


def _ids(text: str) -> list[str]:
    try:
        return [str(UUID(text))]
    except ValueError:
        return []


def _addresses(text: str) -> list[str]:
    try:
        return [str(ip_address(text))]
    except ValueError:
        return []


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
