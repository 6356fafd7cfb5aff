"""What the operator's index counts of the queue."""

from __future__ import annotations

from functools import partial

from core import back_office
from orgs import queue

LIST = "admin:orgs_registration_changelist"

for order, (scope, label, tone) in enumerate(
    (
        (queue.WAITING, "Registrations to decide", "warning"),
        (queue.OVERDUE, "Overdue", "danger"),
        (queue.MINE, "Assigned to you", "info"),
        (queue.ANSWERED, "Questions answered", "warning"),
    )
):
    back_office.counter(
        label,
        LIST,
        partial(queue.count, scope),
        query=f"queue={scope.name}" if scope.name else "",
        order=10 + order,
        tone=tone,
    )
