"""The operator's days off, which do not count towards due dates. What is in review already keeps its due time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from core import audit
from core.actor import Actor
from orgs import policies
from orgs.models import Holiday


def save(actor: Actor, holiday: Holiday) -> Holiday:
    """Write a new holiday or the changes of one. Raises ``NotAllowed``."""
    policies.can_set_holidays(actor).enforce()
    with transaction.atomic():
        is_new = holiday.pk is None
        holiday.save()
        _record(actor, "add" if is_new else "change", holiday)
    return holiday


def remove(actor: Actor, holidays: Iterable[Holiday]) -> None:
    """The operator works on these days after all. Raises ``NotAllowed``."""
    policies.can_set_holidays(actor).enforce()
    with transaction.atomic():
        for holiday in holidays:
            _record(actor, "remove", holiday)
            holiday.delete()


def add_many(actor: Actor, holidays: Iterable[tuple[date, str]]) -> list[Holiday]:
    """Write those whose day is not in the list yet, and return them. Raises ``NotAllowed``."""
    policies.can_set_holidays(actor).enforce()
    added = []
    with transaction.atomic():
        for day, name in sorted(holidays):
            holiday, is_new = Holiday.objects.get_or_create(day=day, defaults={"name": name})
            if is_new:
                _record(actor, "add", holiday)
                added.append(holiday)
    return added


def _record(actor: Actor, verb: str, holiday: Holiday) -> None:
    audit.record(actor, f"orgs.holiday.{verb}", holiday, data={"day": holiday.day.isoformat(), "name": holiday.name})
