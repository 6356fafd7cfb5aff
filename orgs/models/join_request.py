from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from core.models import PublicModel
from orgs.models.invitation import Invitation
from orgs.models.membership import Membership
from orgs.models.organization import Organization


class JoinRequestState(models.TextChoices):
    UNCONFIRMED = "unconfirmed", "E-mail not confirmed"
    CONFIRMED = "confirmed", "E-mail confirmed"
    REQUESTED = "requested", "Waiting for the Organization Administrator"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


LIVE_JOIN_STATES = (JoinRequestState.UNCONFIRMED, JoinRequestState.CONFIRMED, JoinRequestState.REQUESTED)


class JoinRequest(PublicModel):
    """Somebody asks to become a user of an organisation that has an account already.

    Which organisation that may be is shown to them only once their address is confirmed; ``organization`` is set when they
    have chosen one. ``invitation`` is the one that led here. An approved request has become ``membership``. ``reminded_at``
    is when the Organization Administrators were last reminded of it.
    """

    first_name = models.CharField("first name", max_length=80)
    last_name = models.CharField("last name", max_length=80)
    email = models.EmailField("e-mail", max_length=254)
    phone = models.CharField("phone", max_length=32, blank=True)
    message = models.TextField("message", max_length=1000, blank=True)
    language = models.CharField("language", max_length=12, default="en")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="join_requests")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="join_requests")
    state = models.CharField(max_length=16, choices=JoinRequestState, default=JoinRequestState.UNCONFIRMED)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    denial_reason = models.CharField("reason of the denial", max_length=300, blank=True)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "request to join"
        verbose_name_plural = "requests to join"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="join_request_by_time"),
            models.Index(
                fields=["expires_at"],
                name="join_request_by_expiry",
                condition=Q(state__in=("unconfirmed", "confirmed", "requested")),
            ),
            models.Index(
                fields=["expires_at"],
                name="join_request_never_confirmed",
                condition=Q(state="expired", confirmed_at__isnull=True),
            ),
            models.Index(Lower("email"), name="join_request_by_email"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JoinRequestState.values), name="join_request_state_known"),
            models.UniqueConstraint(
                "organization", Lower("email"), condition=Q(state="requested"), name="join_request_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("requested", "approved", "denied")) | Q(organization__isnull=False),
                name="join_request_has_organization",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(membership__isnull=False), name="join_request_approved_has_member"
            ),
            models.CheckConstraint(
                condition=~Q(state="denied") | ~Q(denial_reason=""), name="join_request_denied_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.email})"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_live(self) -> bool:
        """Whether it still leads on, also where the sweep that writes ``expired`` has not run yet."""
        return self.state in LIVE_JOIN_STATES and self.expires_at > timezone.now()
