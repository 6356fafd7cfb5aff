from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.models import PublicModel
from orgs.models.application import Application
from orgs.models.membership import Membership
from orgs.models.organization import Organization


class InvitationState(models.TextChoices):
    PENDING = "pending", "Pending"
    SENT = "sent", "Sent"
    OPENED = "opened", "Opened"
    STARTED = "started", "Registration started"
    ACCEPTED = "accepted", "Accepted"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    BOUNCED = "bounced", "Bounced"


OPEN_STATES = (InvitationState.PENDING, InvitationState.SENT, InvitationState.OPENED, InvitationState.STARTED)


class Invitation(PublicModel):
    """An e-mailed link by which a company invites another to register and collaborate.

    It is open until ``expires_at``, also where the sweep that writes ``expired`` has not run yet.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="invitations")
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    company_name = models.CharField("company", max_length=200)
    first_name = models.CharField("first name", max_length=80, blank=True)
    last_name = models.CharField("last name", max_length=80, blank=True)
    email = models.EmailField("e-mail", max_length=254)
    message = models.TextField("message", max_length=1000, blank=True)
    applications = models.ManyToManyField(Application, related_name="+", blank=True)
    state = models.CharField(max_length=16, choices=InvitationState, default=InvitationState.PENDING)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "invitation"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="invitation_by_time"),
            models.Index(fields=["expires_at"], name="invitation_by_expiry", condition=Q(state__in=OPEN_STATES)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=InvitationState.values), name="invitation_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.company_name} ({self.email})"

    @property
    def is_open(self) -> bool:
        """Whether its link still leads to a registration."""
        return self.state in OPEN_STATES and self.expires_at > timezone.now()

    @property
    def invited_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
