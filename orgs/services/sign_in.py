"""What this room answers to the floor below: who may sign in, and what happens when a new user has."""

from __future__ import annotations

from accounts.models import User
from core import outbox
from orgs import queries
from orgs.models import Membership, MembershipState, OrganizationState, Role


class MembersOnly:
    """Lets in the operator's staff, and people with an active membership in an active organisation."""

    def may_sign_in(self, user: User) -> bool:
        if user.is_staff:
            return True
        memberships = Membership.objects.filter(
            user=user, state=MembershipState.ACTIVE, organization__state=OrganizationState.ACTIVE
        )
        return memberships.exists()


class FirstLoginNotice:
    """Tells the Organization Administrators that a user they expected has arrived."""

    def first_login_completed(self, user: User) -> None:
        for membership in queries.active_members().filter(user=user).select_related("organization"):
            for administrator in queries.administrators(membership.organization, Role.OA).exclude(user=user):
                outbox.enqueue(
                    "orgs/mail/first_login_completed",
                    to=administrator.user.email,
                    context={
                        "first_name": administrator.user.first_name,
                        "user": user.full_name,
                        "user_id": user.user_id,
                        "email": user.email,
                        "company": membership.organization.legal_name,
                    },
                    links={"user": outbox.Link("orgs:user", kwargs={"pk": str(membership.pk)})},
                    organization_id=membership.organization_id,
                )
