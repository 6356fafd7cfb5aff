from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from core.models import PublicModel
from orgs.models.application import Application
from orgs.models.invitation import Invitation
from orgs.models.organization import Organization, OrganizationProfile


class RegistrationState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "In review"
    INFO_REQUESTED = "info_requested", "More information requested"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    EXPIRED = "expired", "Expired"


# One of these at most stands behind an invitation; after a denial its link may be used again.
LIVE_STATES = (
    RegistrationState.DRAFT,
    RegistrationState.SUBMITTED,
    RegistrationState.INFO_REQUESTED,
    RegistrationState.APPROVED,
)


class WizardStep(models.TextChoices):
    """The steps of the wizard, in order, by the words that the step indicator shows."""

    WELCOME = "welcome", "Welcome"
    PROFILE = "profile", "Organization Profile"
    ADMINISTRATOR = "administrator", "Organization Administrator"
    ONE_TIME_PASSWORD = "one-time-password", "One Time Password"
    APPLICATION_ADMINISTRATORS = "application-administrators", "Application Administrator(s)"
    REVIEW = "review", "Review"


class Registration(PublicModel, OrganizationProfile):
    """One pass of the wizard, from captcha to the operator's decision. The draft lives here from the first Continue.

    ``completed_steps`` are the steps whose answers are stored and hold; a step opens when all before it are completed.
    """

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="registrations")
    contact_first_name = models.CharField("contact’s first name", max_length=80, blank=True)
    contact_last_name = models.CharField("contact’s last name", max_length=80, blank=True)
    contact_email = models.EmailField("contact’s e-mail", max_length=254, blank=True)
    contact_phone = models.CharField("contact’s phone", max_length=32, blank=True)
    applications = models.ManyToManyField(Application, related_name="+", blank=True)
    completed_steps = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    state = models.CharField(max_length=16, choices=RegistrationState, default=RegistrationState.DRAFT)
    expires_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.UUIDField(null=True)
    denial_reason = models.TextField(blank=True)
    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, null=True, related_name="registration")

    class Meta(OrganizationProfile.Meta):
        abstract = False
        verbose_name = "registration"
        ordering = ("due_at", "id")
        indexes = [
            models.Index(fields=["state", "due_at", "id"], name="registration_queue"),
            models.Index(fields=["-created_at", "-id"], name="registration_by_time"),
            models.Index(fields=["expires_at"], name="registration_by_expiry", condition=Q(state="draft")),
            models.Index(Lower("contact_email"), name="registration_by_contact"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(state__in=LIVE_STATES),
                name="registration_once_per_invitation",
            ),
            models.CheckConstraint(condition=Q(state__in=RegistrationState.values), name="registration_state_known"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(organization__isnull=False),
                name="registration_approved_has_organization",
            ),
            models.CheckConstraint(
                condition=~Q(state="denied") | ~Q(denial_reason=""),
                name="registration_denied_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="submitted") | Q(submitted_at__isnull=False, due_at__isnull=False),
                name="registration_submitted_has_times",
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name or "Registration without a name"

    @property
    def contact_name(self) -> str:
        return f"{self.contact_first_name} {self.contact_last_name}".strip()


class RegistrationAdministrator(PublicModel):
    """A person named in a registration as administrator, with the hash of the One-Time Password chosen for them.

    The person becomes a user, or an existing user a member, when the operator approves. ``is_contact`` marks the registrant.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="administrators")
    first_name = models.CharField("first name", max_length=80)
    last_name = models.CharField("last name", max_length=80)
    email = models.EmailField("e-mail", max_length=254)
    phone = models.CharField("phone", max_length=32, blank=True)
    is_contact = models.BooleanField(default=False)
    is_organization_administrator = models.BooleanField(default=False)
    administered = models.ManyToManyField(Application, related_name="+", blank=True)
    one_time_password_hash = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = [
            models.UniqueConstraint("registration", Lower("email"), name="registration_administrator_once"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
