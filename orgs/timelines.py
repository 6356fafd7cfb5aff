"""How a registration stands, as a list of what happened and what comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from orgs.models import Registration, RegistrationState

DECIDED = {RegistrationState.APPROVED: "Approved", RegistrationState.DENIED: "Denied"}


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    state: str
    at: datetime | None = None
    detail: str = ""
    who: str = ""


def of_registration(registration: Registration) -> list[Entry]:
    """Submitted, in review, decided: each with its time, or with when it is due and who is next."""
    submitted = Entry("Submitted", "done", registration.submitted_at, who=registration.contact_name)
    if registration.state in DECIDED:
        return [submitted, Entry("In review", "done", who=settings.OPERATOR_NAME), _decision(registration)]
    if registration.state == RegistrationState.EXPIRED:
        return [Entry("Ended", "current", detail="Nothing was submitted in time, so this registration has ended.")]
    return [
        submitted,
        Entry("In review", "current", detail=_due(registration), who=f"Next: {settings.OPERATOR_NAME}"),
        Entry("Decided", "todo", detail="You hear of it by e-mail, and here."),
    ]


def _due(registration: Registration) -> str:
    if registration.due_at is None:
        return ""
    when = date_format(timezone.localtime(registration.due_at), "l j F Y, H:i")
    if registration.due_at < timezone.now():
        return f"This was due by {when} and is late. Write to {settings.SUPPORT_EMAIL} if you are in a hurry."
    return f"{settings.OPERATOR_NAME} checks the details and decides by {when}."


def _decision(registration: Registration) -> Entry:
    label = DECIDED[RegistrationState(registration.state)]
    detail = registration.denial_reason or (
        "The Organization Administrator and the Application Administrator(s) each have an e-mail with their User ID and the "
        "next steps."
    )
    return Entry(label, "current", registration.decided_at, detail, settings.OPERATOR_NAME)
