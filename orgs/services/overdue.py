"""Telling the operator's staff, once a working day, which registrations have waited longer than was promised."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts import notifications
from accounts.models import User
from core import outbox
from core.models import Mail
from orgs import business_days, queries
from orgs.dates import in_words
from orgs.models import Registration, RegistrationState
from orgs.notifications import OVERDUE

MAIL = "orgs/mail/registrations_overdue"
FROM_HOUR = 8
MOST = 25
_ONE_AT_A_TIME = 0x6F76_6572


def tell() -> int:
    """Mail every member of staff one list of what is overdue; returns how many mails.

    Not before eight in the operator's morning, not on days off, not twice a day, and nothing where nothing is overdue. What
    waits for the registrant is not overdue.
    """
    today = timezone.localtime(timezone.now(), timezone.get_default_timezone())
    if today.hour < FROM_HOUR or not business_days.is_today():
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        if Mail.objects.filter(template=MAIL, created_at__gte=midnight).exists():
            return 0
        rows = Registration.objects.filter(state=RegistrationState.SUBMITTED, due_at__lt=timezone.now())
        overdue = list(rows.select_related("assigned_to").order_by("due_at", "id")[:MOST])
        if not overdue:
            return 0
        count = rows.count()
        staff = [user for user in queries.operator_staff() if notifications.wants(user, OVERDUE)]
        for user in staff:
            _tell(user, overdue, count=count)
    return len(staff)


def _tell(user: User, overdue: list[Registration], *, count: int) -> None:
    outbox.enqueue(
        MAIL,
        to=user.email,
        context={
            "first_name": user.first_name,
            "count": count,
            "more": count - len(overdue),
            "overdue": [_line(registration, user) for registration in overdue],
        },
        links={"queue": outbox.Link("admin:orgs_registration_changelist")},
        language=user.language,
    )


def _line(registration: Registration, user: User) -> dict[str, Any]:
    assignee = registration.assigned_to
    return {
        "company": registration.legal_name,
        "due": in_words(registration.due_at),
        "yours": assignee == user,
        "assignee": assignee.full_name if assignee else "",
    }
