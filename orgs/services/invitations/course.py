"""The course of an invitation: opened, started, accepted; or its time runs out."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import states
from core.actor import Actor
from core.errors import Conflict
from orgs import policies
from orgs.models import OPEN_STATES, Invitation, InvitationState, Organization
from orgs.services import locks
from orgs.services.invitations import obstacles

UNOPENED = (InvitationState.SENT, InvitationState.BOUNCED)


def mark_opened(actor: Actor, invitation: Invitation) -> None:
    """Note the first look at the landing page. Looking uses nothing up, and a second look changes nothing.

    Whoever opens the link of a mail that is said to have come back has it after all, so the invitation stands again; unless
    a newer one to the same address does.
    """
    if invitation.state not in UNOPENED or invitation.expires_at <= timezone.now():
        return
    try:
        with transaction.atomic():
            states.advance(invitation, "open", actor=actor, opened_at=timezone.now())
    except Conflict:
        invitation.refresh_from_db()
    except IntegrityError:
        # invitation_open_once: there is a newer one.
        return


def mark_started(actor: Actor, invitation: Invitation) -> None:
    """Note that a registration was begun. Needs a transaction that holds the row."""
    if invitation.state in {InvitationState.SENT, InvitationState.OPENED}:
        states.advance(invitation, "start", actor=actor, started_at=timezone.now())


def accept(actor: Actor, invitation: Invitation, *, organization: Organization | None = None) -> None:
    """``organization`` came of it, or was there and took it up. Needs the transaction of what is decided with it."""
    locked = locks.invitation(invitation.pk)
    states.advance(
        locked,
        "accept",
        actor=actor,
        data={"organization": str(organization.pk)} if organization else None,
        accepted_at=timezone.now(),
        accepted_by=organization,
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
        locked = locks.invitation(invitation.pk)
        if not _due().filter(pk=locked.pk).exists():
            return False
        states.advance(locked, "expire", actor=obstacles.CLOCK)
    return True
