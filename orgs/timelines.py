"""How a registration stands, as a list of what happened and what comes: who is next, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from core.models import AuditEvent
from orgs.dates import in_words
from orgs.models import (
    ChangeRequest,
    JoinRequest,
    JoinRequestState,
    Organization,
    Registration,
    RegistrationState,
    WizardStep,
)

STEPS_IN_WORDS = {step.value: step.label for step in WizardStep}
ACTIONS_IN_WORDS = {
    "start": "Begun",
    "save": "Saved",
    "remind": "Reminded",
    "mail_link": "Link mailed",
    "confirm_address": "E-mail address confirmed",
    "submit": "Submitted",
    "claim": "Claimed",
    "release": "Released",
    "note": "Note written",
    "request_information": "More information requested",
    "correct": "Details corrected",
    "answer": "Answered",
    "approve_first": "Approved by the first of two",
    "approve": "Approved",
    "merge": "Added to an existing organisation",
    "take_back": "First approval taken back",
    "deny": "Denied",
    "withdraw": "Withdrawn",
    "expire": "Ended",
    "request": "Asked for",
    "activate": "Activated",
    "edit": "Profile changed",
    "suspend": "Suspended",
    "reactivate": "Reactivated",
    "close": "Closed",
}
MERGED = (
    "Your organisation has an account already, and this registration was added to it. Everybody who got an account by it has "
    "an e-mail with the next steps."
)
APPROVED = (
    "The Organization Administrator and the Application Administrator(s) each have an e-mail with their User ID and the next "
    "steps."
)


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    state: str
    at: datetime | None = None
    detail: str = ""
    who: str = ""


def of_registration(registration: Registration) -> list[Entry]:
    """Submitted, questions and answers, in review, decided: each with its time, or with when it is due and who is next.

    The registrant reads it, so they are "you". That the first of two has approved is not shown: nothing is decided by it.
    """
    if registration.submitted_at is None:
        return [Entry("Ended", "current", detail="Nothing was submitted in time, so this registration has ended.")]
    return [
        Entry("Submitted", "done", registration.submitted_at, who=registration.contact_name),
        *_questions(registration),
        *_rest(registration),
    ]


def of_join_request(request: JoinRequest) -> list[Entry]:
    """Begun, confirmed, asked, decided, for whoever wants to join."""
    confirmed = Entry("E-mail address confirmed", "done", request.confirmed_at)
    company = request.organization.legal_name if request.organization else "the organisation"
    asked = Entry("Asked to join", "done", request.requested_at, detail=company)
    if request.state == JoinRequestState.REQUESTED:
        by = in_words(request.expires_at)
        detail = f"They have a mail with your request. Without a decision it ends on {by}."
        next_one = f"Next: an Organization Administrator of {company}"
        decided = Entry("Decided", "todo", detail="You hear of it by e-mail, and here.")
        return [confirmed, asked, Entry("Waiting for a decision", "current", detail=detail, who=next_one), decided]
    happened = [entry for entry in (confirmed, asked) if entry.at]
    return [*happened, _join_request_ended(request)]


def history(subject: Registration | ChangeRequest | Organization) -> list[Entry]:
    """Everything that was done with it, newest first, from the audit trail; for staff."""
    events = AuditEvent.objects.filter(target_type=subject._meta.label, target_id=str(subject.pk))
    return [_happened(event) for event in events.order_by("-at", "-id")[:50]]


def _questions(registration: Registration) -> Iterator[Entry]:
    asked_for = settings.OPERATOR_NAME
    for question in registration.questions.all():
        yield Entry("More information requested", "done", question.created_at, question.text, asked_for)
        if question.answered_at:
            yield Entry("Answered", "done", question.answered_at, question.answer, registration.contact_name)
        elif registration.state == RegistrationState.INFO_REQUESTED:
            yield Entry("Answer", "current", detail=_answer_by(registration), who="Next: you")


def _rest(registration: Registration) -> list[Entry]:
    """From the review to the decision, or to whatever ended it."""
    hears = Entry("Decided", "todo", detail="You hear of it by e-mail, and here.")
    if registration.state == RegistrationState.SUBMITTED:
        return [Entry("In review", "current", detail=_due(registration), who=f"Next: {settings.OPERATOR_NAME}"), hears]
    if registration.state == RegistrationState.INFO_REQUESTED:
        return [Entry("In review", "todo", detail="The review goes on with your answer."), hears]
    if registration.state in {RegistrationState.WITHDRAWN, RegistrationState.EXPIRED}:
        return [_ended(registration)]
    return [Entry("In review", "done", who=settings.OPERATOR_NAME), _decision(registration)]


def _decision(registration: Registration) -> Entry:
    decided = {
        RegistrationState.APPROVED: ("Approved", APPROVED),
        RegistrationState.MERGED: ("Added to an existing organisation", MERGED),
        RegistrationState.DENIED: ("Denied", registration.denial_reason),
    }
    label, detail = decided[RegistrationState(registration.state)]
    return Entry(label, "current", registration.decided_at, detail, settings.OPERATOR_NAME)


def _ended(registration: Registration) -> Entry:
    if registration.state == RegistrationState.WITHDRAWN:
        detail = "It was taken back, and nobody decides on it."
        return Entry("Withdrawn", "current", registration.decided_at, detail, registration.contact_name)
    detail = "The question was not answered in time, so this registration has ended."
    return Entry("Ended", "current", registration.decided_at, detail)


def _join_request_ended(request: JoinRequest) -> Entry:
    details = {
        JoinRequestState.APPROVED: "You are a user of the organisation now. The next steps are in your mailbox.",
        JoinRequestState.DENIED: request.denial_reason,
        JoinRequestState.WITHDRAWN: "You took it back.",
    }
    state = JoinRequestState(request.state)
    label = state.label if state in details else JoinRequestState.EXPIRED.label
    detail = details.get(state, "Its time was over before it was decided.")
    return Entry(label, "current", request.decided_at, detail)


def _happened(event: AuditEvent) -> Entry:
    verb = event.action.rpartition(".")[2]
    step = STEPS_IN_WORDS.get(event.data.get("step", ""), "")
    label = f"{ACTIONS_IN_WORDS.get(verb, verb)} {step}".strip()
    changed = ", ".join(name.replace("_", " ") for name in event.data.get("changed", event.data.get("changes", ())))
    detail = " ".join(part for part in (event.reason, f"Changed: {changed}." if changed else "") if part)
    return Entry(label, "done", event.at, detail, event.actor_label)


def _due(registration: Registration) -> str:
    if registration.due_at is None:
        return ""
    when = in_words(registration.due_at)
    if registration.due_at < timezone.now():
        return f"This was due by {when} and is late. Write to {settings.SUPPORT_EMAIL} if you are in a hurry."
    return f"{settings.OPERATOR_NAME} checks the details and decides by {when}."


def _answer_by(registration: Registration) -> str:
    if registration.due_at is None:
        return ""
    return f"There is time until {in_words(registration.due_at)}. Without an answer the registration ends then."
