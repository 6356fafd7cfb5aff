"""How an invitation stands, for the inviting side: who acts next, what happened, and what became of its mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from core.actor import ActorKind
from core.models import AuditEvent, Mail, MailState
from orgs import queries
from orgs.models import Invitation, InvitationState, RegistrationState
from orgs.timelines import Entry

ACTIONS_IN_WORDS = {
    "send": "Sent",
    "open": "Opened",
    "start": "Registration begun",
    "accept": "Accepted",
    "resend": "Sent again, with a new link",
    "extend": "Extended",
    "remind": "Reminded",
    "ask": "Asked for a new invitation",
    "pass_on": "Passed on to an administrator of theirs",
    "expire": "Expired",
    "revoke": "Revoked",
    "bounce": "Mail came back",
}
KINDS_OF_MAIL = {"invitation": "Invitation", "invitation_reminder": "Reminder"}
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Next:
    """Who acts next and how; ``until`` is when it should be done."""

    who: str
    what: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """One mail to the invited address."""

    mail: Mail
    kind: str
    words: str


def next_step(invitation: Invitation) -> Next:
    """Who acts next. One query at most."""
    if invitation.state in _ENDED:
        return _ENDED[InvitationState(invitation.state)]
    registration = queries.registration_of_invitation(invitation)
    who = invitation.invited_name or invitation.email
    if registration and registration.state == RegistrationState.SUBMITTED:
        return Next(settings.OPERATOR_NAME, "decides on the registration.", registration.due_at)
    if registration and registration.state == RegistrationState.INFO_REQUESTED:
        return Next(who, "answers a question of the operator.")
    if not invitation.is_open:
        return _ENDED[InvitationState.EXPIRED]
    if registration:
        return Next(who, "completes the registration, which is saved at every step.", invitation.expires_at)
    return Next(who, "opens the link and registers, or signs in.", invitation.expires_at)


def history(invitation: Invitation) -> list[Entry]:
    """Everything that was done with an invitation, newest first, from the audit trail."""
    events = AuditEvent.objects.filter(
        target_type=invitation._meta.label, target_id=str(invitation.pk), organization_id=invitation.organization_id
    )
    return [_entry(event, invitation) for event in events.order_by("-at", "-id")[:SHOWN]]


def mails(invitation: Invitation) -> Sequence[Sending]:
    """The mails to the invited address, newest first, with what became of each."""
    names = [f"orgs/mail/{kind}" for kind in KINDS_OF_MAIL]
    found = Mail.objects.filter(about=invitation.pk, template__in=names).order_by("-created_at", "-id")[:SHOWN]
    return [Sending(mail, KINDS_OF_MAIL[mail.template.rpartition("/")[2]], _in_words(mail)) for mail in found]


_ENDED = {
    InvitationState.ACCEPTED: Next("nobody.", "The invitation was accepted."),
    InvitationState.REVOKED: Next("nobody.", "The invitation was revoked."),
    InvitationState.EXPIRED: Next("you", "resend the invitation, if you still want to collaborate."),
    InvitationState.BOUNCED: Next("you", "check the address, and invite the company again with the right one."),
}


def _entry(event: AuditEvent, invitation: Invitation) -> Entry:
    verb = event.action.rpartition(".")[2]
    detail = event.reason or str(event.data.get("email", ""))
    # What people of other organisations are called there is theirs to tell, and what the gateway did nobody did.
    who = str(invitation.accepted_by or "") if verb == "accept" else event.actor_label
    if event.actor_kind == ActorKind.SYSTEM:
        who = ""
    return Entry(ACTIONS_IN_WORDS.get(verb, verb), "done", event.at, detail, who)


def _in_words(mail: Mail) -> str:
    if mail.bounced_at:
        return f"came back: {mail.bounce_reason}"
    return {
        MailState.QUEUED: "waits to be sent" if not mail.last_error else f"is tried again: {mail.last_error}",
        MailState.SENDING: "is being sent",
        MailState.SENT: "was taken by the mail server of the address",
        MailState.FAILED: f"could not be sent: {mail.last_error}",
        MailState.SUPPRESSED: "was not sent: the gateway sends nothing to this address",
    }.get(MailState(mail.state), "was not sent")
