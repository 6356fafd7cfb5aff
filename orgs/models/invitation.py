from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone

from accounts.models import User
from core.models import PublicModel
from orgs.models.application import Application
from orgs.models.membership import Membership
from orgs.models.organization import Organization, OrganizationState


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

    ``organization`` is the inviting company, ``None`` for the operator itself. It is sent by one of its members
    (``invited_by``), or by operator staff (``invited_by_staff``) for the organisation or for the operator. It is open until
    ``expires_at``, also where the sweep that writes ``expired`` has not run yet. ``external_reference`` is what the inviter
    calls the invited company, such as a supplier number. ``colleague_allowed`` lets somebody else of the invited company
    register with another address. ``accepted_by`` is the organisation that came of it, or that was there already.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="invitations")
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    invited_by_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    company_name = models.CharField("company", max_length=200)
    first_name = models.CharField("first name", max_length=80, blank=True)
    last_name = models.CharField("last name", max_length=80, blank=True)
    email = models.EmailField("e-mail", max_length=254)
    message = models.TextField("message", max_length=1000, blank=True)
    external_reference = models.CharField("your reference", max_length=64, blank=True)
    colleague_allowed = models.BooleanField("a colleague may register instead", default=False)
    language = models.CharField("language", max_length=12, default="en")
    applications = models.ManyToManyField(Application, related_name="+", blank=True)
    state = models.CharField(max_length=16, choices=InvitationState, default=InvitationState.PENDING)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    bounce_reason = models.CharField(max_length=300, blank=True)
    reminded_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "invitation"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="invitation_by_time"),
            models.Index(fields=["-created_at", "-id"], name="invitation_newest"),
            models.Index(fields=["expires_at"], name="invitation_by_expiry", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["email"], name="invitation_by_email"),
            models.Index(
                Upper("external_reference"), name="invitation_by_reference", condition=~Q(external_reference="")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=InvitationState.values), name="invitation_state_known"),
            models.CheckConstraint(
                condition=Q(invited_by__isnull=False, invited_by_staff__isnull=True, organization__isnull=False)
                | Q(invited_by__isnull=True, invited_by_staff__isnull=False),
                name="invitation_has_one_inviter",
            ),
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(state__in=OPEN_STATES),
                name="invitation_open_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company_name} ({self.email})"

    @property
    def is_open(self) -> bool:
        """Whether its link leads on today. While the inviting company is shut out, nothing begins in its name."""
        return self.state in OPEN_STATES and self.expires_at > timezone.now() and self.is_inviter_active

    @property
    def has_lapsed(self) -> bool:
        """Whether its time is over and the sweep has not written it down yet."""
        return self.state in OPEN_STATES and self.expires_at <= timezone.now()

    @property
    def is_inviter_active(self) -> bool:
        """Whether the inviting company takes part today; the operator always does."""
        return self.organization is None or self.organization.state == OrganizationState.ACTIVE

    @property
    def invited_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def inviter(self) -> User:
        """The person who sent it: a member of the inviting company, or operator staff."""
        person = self.invited_by.user if self.invited_by else self.invited_by_staff
        assert person is not None, "invitation_has_one_inviter"  # noqa: S101 - held by the database
        return person

    @property
    def inviting_company(self) -> str:
        """The name that stands in the subject of the mail: the inviting organisation's, or the operator's."""
        return self.organization.legal_name if self.organization else settings.OPERATOR_NAME


class InvitationBatch(PublicModel):
    """A file of companies to invite that was found right, and waits for one press or for ``expires_at``.

    ``records`` are its rows, by field name and as text; they are forgotten when the invitations are made.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)
    records = models.JSONField(default=list)
    size = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "file of invitations"
        indexes = [models.Index(fields=["expires_at"], name="invitation_batch_by_expiry")]

    def __str__(self) -> str:
        return f"{self.file_name or 'Pasted rows'} ({self.size})"
