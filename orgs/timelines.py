"""How a registration stands, as a list of what happened and what comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from core.models import AuditEvent
from orgs.dates import in_words
from orgs.models import Registration, RegistrationState, WizardStep

STEPS_IN_WORDS = {step.value: step.label for step in WizardStep}
ACTIONS_IN_WORDS = {
    "start": "Begun",
    "save": "Saved",
    "mail_link": "Link mailed",
    "submit": "Submitted",
    "approve": "Approved",
    "deny": "Denied",
    "expire": "Ended",
}
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


def history(registration: Registration) -> list[Entry]:
    """Everything that was done with a registration, newest first, from the audit trail."""
    events = AuditEvent.objects.filter(target_type=registration._meta.label, target_id=str(registration.pk))
    return [_happened(event) for event in events.order_by("-at", "-id")[:50]]


def _happened(event: AuditEvent) -> Entry:
    verb = event.action.rpartition(".")[2]
    step = STEPS_IN_WORDS.get(event.data.get("step", ""), "")
    label = f"{ACTIONS_IN_WORDS.get(verb, verb)} {step}".strip()
    return Entry(label, "done", event.at, event.reason, event.actor_label)


def _due(registration: Registration) -> str:
    if registration.due_at is None:
        return ""
    when = in_words(registration.due_at)
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
