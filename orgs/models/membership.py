from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import PublicModel
from orgs.models.application import Application
from orgs.models.organization import Organization


class MembershipState(models.TextChoices):
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class Membership(PublicModel):
    """A user in one organisation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=16, choices=MembershipState, default=MembershipState.ACTIVE)
    can_invite = models.BooleanField("may invite companies", default=False)
    suspension_reason = models.CharField("reason of the suspension", max_length=300, blank=True)

    class Meta:
        verbose_name = "member"
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="membership_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="membership_once"),
            models.CheckConstraint(condition=Q(state__in=MembershipState.values), name="membership_state_known"),
            models.CheckConstraint(
                condition=~Q(state="suspended") | ~Q(suspension_reason=""),
                name="membership_suspended_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.organization}"


class Role(models.TextChoices):
    OA = "oa", "Organization Administrator"
    AA = "aa", "Application Administrator"
    STEWARD = "steward", "Organization Steward"


class RoleAssignment(models.Model):
    """A role that a member holds; an Application Administrator holds it for one application."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16, choices=Role)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "role", "application"],
                name="role_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(role=Role.AA, application__isnull=False) | (~Q(role=Role.AA) & Q(application__isnull=True)),
                name="role_application_only_for_aa",
            ),
        ]

    def __str__(self) -> str:
        label = self.get_role_display()
        return f"{label} ({self.application})" if self.application else label
