"""A mail with the link came back: the invitation says so, and its inviter hears of it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core import states
from core.actor import Actor
from core.models import Mail
from orgs import queries
from orgs.models import Invitation
from orgs.services import locks
from orgs.services.invitations import letters

POST = Actor.system("returned mail")


class BouncedInvitations:
    """Told by the outbox of every message that comes back; takes those that carried an invitation's link."""

    def bounced(self, mail: Mail, *, reason: str) -> None:
        if mail.about is None or mail.template not in letters.TO_THE_INVITED:
            return
        if Invitation.objects.filter(pk=mail.about, email=mail.to.lower()).exists():
            _bounced(mail, reason)


@transaction.atomic
def _bounced(mail: Mail, reason: str) -> None:
    """Nothing changes where a registration was begun with the link, or the invitation has ended: somebody has read it."""
    assert mail.about is not None  # noqa: S101 - asked by the caller
    invitation = locks.invitation(mail.about)
    if not states.permits(invitation, "bounce") or queries.registration_of_invitation(invitation):
        return
    states.advance(
        invitation, "bounce", actor=POST, reason=reason, bounced_at=timezone.now(), bounce_reason=reason[:300]
    )
    letters.tell("orgs/mail/invitation_bounced", invitation, reason=reason)
