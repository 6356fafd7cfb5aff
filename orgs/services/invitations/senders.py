"""Who invites: a member for their organisation, or operator staff for one or for the operator itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from core.actor import Actor
from core.errors import Invalid, NotAllowed
from orgs import access, policies
from orgs.models import Membership, Organization, OrganizationState


@dataclass(frozen=True, slots=True)
class Sender:
    """The inviting side of an invitation; exactly one of ``member`` and ``staff`` is there."""

    organization: Organization | None
    member: Membership | None = None
    staff: User | None = None

    @property
    def organization_id(self) -> UUID | None:
        return self.organization.pk if self.organization else None


def sender(actor: Actor, *, organization: Organization | None = None) -> Sender:
    """The actor as a sender. ``organization`` is for staff, who invite for it, or for the operator without one.

    Raises ``NotAllowed``, and ``Invalid`` for an organisation that is not active.
    """
    policies.can_invite(actor).enforce()
    if actor.is_staff and actor.user_id is not None:
        if organization is not None and organization.state != OrganizationState.ACTIVE:
            raise Invalid(fields={"organization": "Only an active organisation can invite. Choose another one."})
        return Sender(organization=organization, staff=User.objects.get(pk=actor.user_id))
    member = access.member(actor, actor.membership_id)
    if organization is not None and organization.pk != member.organization_id:
        raise NotAllowed("You can invite for your own organisation only.")
    return Sender(organization=member.organization, member=member)
