from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.models import PublicModel
from orgs.models import Application, Membership, Organization


class SubscriptionState(models.TextChoices):
    REQUESTED = "requested", "Requested"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    DENIED = "denied", "Denied"
    ENDED = "ended", "Ended"


class Subscription(PublicModel):
    """An organisation's right to use one application. ``since`` is when it came into its present state.

    The two quotas are limits of its own to what its files, and those of each of its users, may come to; 0 is no limit.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="subscriptions", verbose_name="organisation"
    )
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="subscriptions")
    state = models.CharField(max_length=16, choices=SubscriptionState, default=SubscriptionState.REQUESTED)
    since = models.DateTimeField(default=timezone.now, editable=False)
    requested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    refusal_reason = models.TextField("reason", blank=True)
    organization_quota_bytes = models.PositiveBigIntegerField("bytes for the organisation", null=True)
    user_quota_bytes = models.PositiveBigIntegerField("bytes for each user", null=True)

    class Meta:
        verbose_name = "subscription"
        indexes = [models.Index(fields=["-since", "-id"], name="subscription_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["organization", "application"], name="subscription_once"),
            models.CheckConstraint(condition=Q(state__in=SubscriptionState.values), name="subscription_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["denied", "suspended"]) | ~Q(refusal_reason=""),
                name="subscription_refused_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.application}"


class AccessGrantState(models.TextChoices):
    INACTIVE = "inactive", "Not requested"
    PENDING_AA = "pending_aa", "Waiting for the Application Administrator"
    PENDING_OWNER = "pending_owner", "Waiting for the Application Owner"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    DENIED = "denied", "Denied"
    EXPIRED = "expired", "Expired"


class AccessGrant(PublicModel):
    """A member's right to open one application. ``since`` is when it came into its present state."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="access_grants")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="access_grants")
    state = models.CharField(max_length=16, choices=AccessGrantState, default=AccessGrantState.INACTIVE)
    since = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    refusal_reason = models.TextField("reason", blank=True)

    class Meta:
        verbose_name = "access"
        verbose_name_plural = "access"
        indexes = [
            models.Index(fields=["application", "state", "since"], name="access_pending"),
            models.Index(fields=["-since", "-id"], name="access_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["membership", "application"], name="access_once"),
            models.CheckConstraint(condition=Q(state__in=AccessGrantState.values), name="access_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["denied", "suspended"]) | ~Q(refusal_reason=""),
                name="access_refused_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership} · {self.application}"

    @property
    def organization_id(self) -> UUID:
        """The organisation whose audit trail tells of this access."""
        return self.membership.organization_id
