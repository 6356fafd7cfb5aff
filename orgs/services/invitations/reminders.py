"""One reminder for each sending, some days before the link ends."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import audit, tokens
from core.actor import Actor
from orgs.models import OPEN_STATES, Invitation, OrganizationState, RegistrationState
from orgs.services import locks
from orgs.services.invitations import letters

CLOCK = Actor.system("reminders of invitations")
# Somebody who has submitted waits for the operator, and needs no reminder.
WAITS_FOR_OTHERS = (RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED, RegistrationState.APPROVED)


def remind_due(*, limit: int = 500) -> int:
    """Mail the link once more to those whose time is nearly over; returns to how many."""
    return sum(_remind(invitation) for invitation in _due().order_by("expires_at")[:limit])


def _due() -> QuerySet[Invitation]:
    now = timezone.now()
    near = Invitation.objects.filter(
        state__in=OPEN_STATES,
        reminded_at__isnull=True,
        expires_at__gt=now,
        expires_at__lte=now + settings.INVITATION_REMINDER_BEFORE,
    )
    shut_out = Q(organization__isnull=False) & ~Q(organization__state=OrganizationState.ACTIVE)
    return near.exclude(shut_out).exclude(registrations__state__in=WAITS_FOR_OTHERS)


def _remind(invitation: Invitation) -> bool:
    """Asks once more under the lock: it may have been extended, resent or used since it was found."""
    with transaction.atomic():
        locked = locks.invitation(invitation.pk)
        link = tokens.live(letters.LINK, locked.pk)
        if link is None or not _due().filter(pk=locked.pk).exists():
            return False
        locked.reminded_at = timezone.now()
        locked.save(update_fields=["reminded_at"])
        audit.record(CLOCK, "orgs.invitation.remind", locked, organization_id=locked.organization_id)
        letters.send(letters.REMINDER, locked, link)
    return True
