"""Invitations as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from core import audit
from core.actor import Actor
from orgs import policies, spreadsheets
from orgs.models import Invitation

HEADINGS = (
    "Company", "First name", "Last name", "E-mail", "Reference", "Applications", "Colleague", "State", "Invited by", "Sent",
    "Opened", "Registration begun", "Accepted", "Accepted by", "Valid until", "Revoked", "Came back", "Reason",
)  # fmt: skip
CHUNK = 500


def export(actor: Actor, found: QuerySet[Invitation], *, asked: str = "") -> Iterator[str]:
    """CSV of ``found``, newest first, line by line; ``asked`` is what was searched for, for the audit trail.

    The first columns are those that "Invite several companies" reads. Times are UTC.
    """
    policies.can_invite(actor).enforce()
    with transaction.atomic():
        audit.record(actor, "orgs.invitation.export", data={"count": found.count(), "asked": asked[:300]})
    return spreadsheets.write(_table(found))


def _table(found: QuerySet[Invitation]) -> Iterator[Sequence[str]]:
    yield HEADINGS
    rows = found.order_by("-created_at", "-id").prefetch_related("applications")
    for invitation in rows.iterator(chunk_size=CHUNK):
        yield _row(invitation)


def _row(invitation: Invitation) -> Sequence[str]:
    return (
        invitation.company_name,
        invitation.first_name,
        invitation.last_name,
        invitation.email,
        invitation.external_reference,
        ", ".join(application.name for application in invitation.applications.all()),
        "yes" if invitation.colleague_allowed else "no",
        str(invitation.get_state_display()),
        invitation.inviter.full_name,
        _moment(invitation.sent_at),
        _moment(invitation.opened_at),
        _moment(invitation.started_at),
        _moment(invitation.accepted_at),
        str(invitation.accepted_by or ""),
        _moment(invitation.expires_at),
        _moment(invitation.revoked_at),
        _moment(invitation.bounced_at),
        invitation.bounce_reason,
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
