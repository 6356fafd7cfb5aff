"""Inviting a company, and what its inviter can do afterwards: extend, resend, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, states, tokens
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import policies
from orgs.models import Application, Invitation, InvitationState, Organization
from orgs.services import locks
from orgs.services.invitations import letters, obstacles, quota
from orgs.services.invitations.senders import sender


def create(
    actor: Actor,
    *,
    company_name: str,
    email: str,
    first_name: str = "",
    last_name: str = "",
    message: str = "",
    applications: Sequence[Application] = (),
    external_reference: str = "",
    colleague_allowed: bool = False,
    language: str = "",
    organization: Organization | None = None,
) -> Invitation:
    """Invite a company and mail the link.

    Operator staff invite for ``organization``, or for the operator without one; members for their own. Raises ``NotAllowed``,
    ``TooMany``, and ``Invalid`` for an address that cannot be invited now.
    """
    inviting = sender(actor, organization=organization)
    with obstacles.one_at_a_time():
        invitation = Invitation(
            organization=inviting.organization,
            invited_by=inviting.member,
            invited_by_staff=inviting.staff,
            company_name=company_name,
            email=email.lower(),
            first_name=first_name,
            last_name=last_name,
            message=message,
            external_reference=external_reference,
            colleague_allowed=colleague_allowed,
            language=language or settings.LANGUAGE_CODE,
            expires_at=new_expiry(),
        )
        obstacles.end_lapsed(invitation.organization_id, [invitation.email])
        _refuse_obstacle(invitation)
        quota.take(invitation.organization_id)
        invitation.save(force_insert=True)
        invitation.applications.set(applications)
        states.advance(invitation, "send", actor=actor, data={"email": invitation.email}, sent_at=timezone.now())
        _mail_link(invitation)
    return invitation


def extend(actor: Actor, invitation: Invitation) -> Invitation:
    """Give the same link the full time again, from now. Raises ``Conflict`` for an invitation that is no longer open."""
    policies.can_manage_invitation(actor, invitation).enforce()
    with transaction.atomic():
        locked = locks.invitation(invitation.pk)
        obstacles.refuse_submitted(locked)
        link = tokens.live(letters.LINK, locked.pk)
        if not locked.is_open or link is None:
            raise Conflict("This invitation is no longer open, so it cannot be extended. Resend it instead.")
        before, locked.expires_at = locked.expires_at, new_expiry()
        locked.save(update_fields=["expires_at"])
        tokens.extend(link, until_at_least=settings.INVITATION_LIFETIME)
        audit.record(
            actor,
            "orgs.invitation.extend",
            locked,
            data={"from": before.isoformat(), "to": locked.expires_at.isoformat()},
            organization_id=locked.organization_id,
        )
    return locked


def resend(actor: Actor, invitation: Invitation) -> Invitation:
    """Mail a new link, good for the full time again; the old one ends. A registration begun with it is kept.

    Raises ``Conflict`` where the operator has that registration, and where the address cannot be invited now.
    """
    policies.can_manage_invitation(actor, invitation).enforce()
    try:
        return _resend(actor, invitation)
    except Invalid as refusal:
        raise Conflict(refusal.fields.get("email", refusal.sentence)) from refusal


def revoke(actor: Actor, invitation: Invitation) -> Invitation:
    """End the link for good. Raises ``Conflict`` once a registration made with it was submitted."""
    policies.can_manage_invitation(actor, invitation).enforce()
    with transaction.atomic():
        locked = locks.invitation(invitation.pk)
        obstacles.refuse_submitted(locked)
        tokens.revoke(letters.LINK, locked.id)
        return states.advance(locked, "revoke", actor=actor, revoked_at=timezone.now())


def new_expiry() -> datetime:
    return timezone.now() + settings.INVITATION_LIFETIME


def _resend(actor: Actor, invitation: Invitation) -> Invitation:
    with obstacles.one_at_a_time():
        locked = locks.invitation(invitation.pk)
        obstacles.refuse_submitted(locked)
        if not states.permits(locked, "resend"):
            raise Conflict(f"This invitation is {locked.get_state_display().lower()}, so it cannot be sent again.")
        if locked.state in {InvitationState.EXPIRED, InvitationState.BOUNCED}:
            obstacles.end_lapsed(locked.organization_id, [locked.email])
        _refuse_obstacle(locked)
        quota.take(locked.organization_id)
        tokens.revoke(letters.LINK, locked.id)
        states.advance(
            locked,
            "resend",
            actor=actor,
            data={"email": locked.email},
            sent_at=timezone.now(),
            expires_at=new_expiry(),
            opened_at=None,
            bounced_at=None,
            bounce_reason="",
            reminded_at=None,
        )
        _mail_link(locked)
    return locked


def _refuse_obstacle(invitation: Invitation) -> None:
    sentence = obstacles.of(invitation)
    if sentence:
        raise Invalid(fields={"email": sentence})


def _mail_link(invitation: Invitation) -> None:
    token = tokens.issue(letters.LINK, invitation.id, lifetime=invitation.expires_at - timezone.now())
    letters.send(letters.INVITATION, invitation, token)
