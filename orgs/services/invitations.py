"""Invitations: an e-mailed link by which one company brings another to the gateway.

An invitation is accepted when the operator approves the registration made with it. Until then its link leads back to that
registration, and a denied company may use it again (docs/decisions/0006-onboarding.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import audit, outbox, states, throttles, tokens
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.throttles import FailMode, Limit
from orgs import access, policies, queries
from orgs.dates import in_words
from orgs.models import (
    OPEN_STATES,
    Application,
    Invitation,
    InvitationState,
    Membership,
    Registration,
    Role,
)

LINK = "invitation"
MAILS_A_DAY = Limit("invitation mails of an organisation", "500/day", FailMode.OPEN)
ASKING = Limit("asking for a new invitation", "3/day", FailMode.CLOSED)
CLOCK = Actor.system("expiry of invitations")


def create(
    actor: Actor,
    *,
    company_name: str,
    email: str,
    first_name: str = "",
    last_name: str = "",
    message: str = "",
    applications: Sequence[Application] = (),
) -> Invitation:
    """Invite a company and mail the link. Raises ``NotAllowed``, ``Invalid`` and ``TooMany``."""
    policies.can_invite(actor).enforce()
    throttles.hit(MAILS_A_DAY, str(actor.organization_id))
    inviter = access.member(actor, actor.membership_id)
    with transaction.atomic():
        _refuse_open_twin(inviter, email)
        invitation = Invitation.objects.create(
            organization=inviter.organization,
            invited_by=inviter,
            company_name=company_name,
            email=email.lower(),
            first_name=first_name,
            last_name=last_name,
            message=message,
            expires_at=_new_expiry(),
        )
        invitation.applications.set(applications)
        states.advance(invitation, "send", actor=actor, data={"email": invitation.email}, sent_at=timezone.now())
        _mail_link(invitation)
    return invitation


def resend(actor: Actor, invitation: Invitation) -> Invitation:
    """Mail a new link, good for the full time again; the old one ends. A registration begun with it is kept."""
    policies.can_manage_invitation(actor, invitation).enforce()
    throttles.hit(MAILS_A_DAY, str(actor.organization_id))
    with transaction.atomic():
        locked = _lock(invitation)
        _refuse_submitted(locked)
        tokens.revoke(LINK, locked.id)
        states.advance(
            locked,
            "resend",
            actor=actor,
            sent_at=timezone.now(),
            expires_at=_new_expiry(),
            opened_at=None,
        )
        _mail_link(locked)
    return locked


def revoke(actor: Actor, invitation: Invitation) -> Invitation:
    """End the link for good. Raises ``Conflict`` once a registration made with it was submitted."""
    policies.can_manage_invitation(actor, invitation).enforce()
    with transaction.atomic():
        locked = _lock(invitation)
        _refuse_submitted(locked)
        tokens.revoke(LINK, locked.id)
        return states.advance(locked, "revoke", actor=actor)


def mark_opened(actor: Actor, invitation: Invitation) -> None:
    """Note the first look at the landing page. Looking uses nothing up, and a second look changes nothing."""
    if invitation.state != InvitationState.SENT or not invitation.is_open:
        return
    try:
        states.advance(invitation, "open", actor=actor, opened_at=timezone.now())
    except Conflict:
        invitation.refresh_from_db()


def mark_started(actor: Actor, invitation: Invitation) -> None:
    """Note that a registration was begun. Needs a transaction that holds the row."""
    if invitation.state in {InvitationState.SENT, InvitationState.OPENED}:
        states.advance(invitation, "start", actor=actor, started_at=timezone.now())


def accept(actor: Actor, invitation: Invitation) -> None:
    """The registration made with it was approved. Needs the approval's transaction."""
    locked = _lock(invitation)
    mark_started(actor, locked)
    states.advance(locked, "accept", actor=actor, accepted_at=timezone.now())


def ask_for_another(actor: Actor, invitation: Invitation) -> None:
    """Tell the inviter that somebody with an ended link asks for a new one.

    Raises ``TooMany`` after three a day for one invitation. Who held the link learns nothing but that it was passed on.
    """
    throttles.hit(ASKING, str(invitation.pk))
    with transaction.atomic():
        audit.record(actor, "orgs.invitation.ask", invitation, organization_id=invitation.organization_id)
        for member in _who_can_resend(invitation):
            outbox.enqueue(
                "orgs/mail/invitation_asked_for",
                to=member.user.email,
                context={
                    "first_name": member.user.first_name,
                    "company": invitation.company_name,
                    "email": invitation.email,
                    "state": invitation.get_state_display(),
                },
                links={"invitations": outbox.Link("orgs:invitations")},
                organization_id=invitation.organization_id,
            )


def expire_due(*, limit: int = 500) -> int:
    """Write ``expired`` where time has run out, but not under a registration that waits for the operator."""
    return sum(_expire(invitation) for invitation in _due().order_by("expires_at")[:limit])


def _due() -> QuerySet[Invitation]:
    ended = Invitation.objects.filter(state__in=OPEN_STATES, expires_at__lte=timezone.now())
    return ended.exclude(registrations__state__in=policies.UNDER_REVIEW)


def _expire(invitation: Invitation) -> bool:
    """Asks once more under the lock: it may have been resent, or its registration submitted, since it was found."""
    with transaction.atomic():
        locked = _lock(invitation)
        if not _due().filter(pk=locked.pk).exists():
            return False
        states.advance(locked, "expire", actor=CLOCK)
    return True


def _who_can_resend(invitation: Invitation) -> list[Membership]:
    """The member who sent it while they are active, else the administrators of the inviting organisation."""
    if invitation.invited_by_id:
        inviter = queries.active_members().filter(pk=invitation.invited_by_id).select_related("user").first()
        if inviter:
            return [inviter]
    return list(queries.administrators(invitation.organization, Role.OA)) if invitation.organization else []


def _mail_link(invitation: Invitation) -> None:
    token = tokens.issue(LINK, invitation.id, lifetime=invitation.expires_at - timezone.now())
    inviter = invitation.inviter
    outbox.enqueue(
        "orgs/mail/invitation",
        to=invitation.email,
        context={
            "organization": invitation.inviting_company,
            "inviter": inviter.full_name,
            "inviter_email": inviter.email,
            "first_name": invitation.first_name,
            "company": invitation.company_name,
            "message": invitation.message,
            "applications": [application.name for application in invitation.applications.all()],
            "expires": in_words(invitation.expires_at),
        },
        links={"register": outbox.Link("orgs:invitation", token=token)},
        organization_id=invitation.organization_id,
    )


def _refuse_open_twin(inviter: Membership, email: str) -> None:
    twins = Invitation.objects.filter(
        organization_id=inviter.organization_id,
        email=email.lower(),
        state__in=OPEN_STATES,
        expires_at__gt=timezone.now(),
    )
    if twins.exists():
        sentence = "Your organisation has an open invitation to this address. Resend that one instead."
        raise Invalid(fields={"email": sentence})


def _refuse_submitted(invitation: Invitation) -> None:
    if Registration.objects.filter(invitation=invitation, state__in=policies.UNDER_REVIEW).exists():
        raise Conflict(
            f"{invitation.company_name} has already submitted its registration, and the operator is reviewing it."
        )


def _lock(invitation: Invitation) -> Invitation:
    return Invitation.objects.select_for_update().get(pk=invitation.pk)


def _new_expiry() -> datetime:
    return timezone.now() + settings.INVITATION_LIFETIME
