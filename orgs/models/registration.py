from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from core.models import PublicModel
from orgs.models.application import Application
from orgs.models.invitation import Invitation
from orgs.models.names import DomainOf, NameKeyField, name_indexes
from orgs.models.organization import Organization, OrganizationProfile


class RegistrationState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "In review"
    INFO_REQUESTED = "info_requested", "More information requested"
    APPROVED = "approved", "Approved"
    MERGED = "merged", "Added to an existing organisation"
    DENIED = "denied", "Denied"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


# One of these at most stands behind an invitation; after a denial its link may be used again.
LIVE_STATES = (
    RegistrationState.DRAFT,
    RegistrationState.SUBMITTED,
    RegistrationState.INFO_REQUESTED,
    RegistrationState.APPROVED,
    RegistrationState.MERGED,
)


class DenialCode(models.TextChoices):
    """Why the operator refuses, for reports; the registrant reads the sentence beside it."""

    NOT_VERIFIED = "not_verified", "The organisation could not be verified"
    IDENTIFIERS = "identifiers", "The identifiers do not belong to the organisation"
    ALREADY_REGISTERED = "already_registered", "The organisation has an account already"
    NO_AUTHORITY = "no_authority", "The registrant may not act for the organisation"
    UNANSWERED = "unanswered", "Questions were not answered"
    NOT_ELIGIBLE = "not_eligible", "The organisation is not eligible"
    OTHER = "other", "Another reason"


class Flag(models.TextChoices):
    """What the operator should look at twice."""

    FREE_MAIL = "free_mail", "The contact uses a free mail service"
    FREE_MAIL_DOMAIN = "free_mail_domain", "An e-mail domain belongs to a free mail service"
    DISPOSABLE_MAIL = "disposable_mail", "The contact uses a throw-away address"
    OTHER_DOMAIN = "other_domain", "The contact’s address is outside the organisation’s e-mail domains"
    UNCONFIRMED_MAIL = "unconfirmed_mail", "The contact’s address was never confirmed"
    ONE_ADMINISTRATOR = "one_administrator", "Only one Organization Administrator is named"


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
    ``organization`` is what it became, or what it was added to. ``completeness`` is the share of the profile that is filled
    in, in per cent, and ``flags`` are values of ``Flag``; both are worked out at Submit. ``first_approved_by`` is the first
    of two deciders where two are asked for.
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
    reminded_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.UUIDField(null=True)
    denial_code = models.CharField(max_length=24, choices=DenialCode, blank=True)
    denial_reason = models.TextField(blank=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, related_name="registrations")
    language = models.CharField("language", max_length=12, default="en")
    email_confirmed_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    assigned_at = models.DateTimeField(null=True)
    first_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    first_approved_at = models.DateTimeField(null=True)
    completeness = models.PositiveSmallIntegerField(default=0)
    flags = ArrayField(models.CharField(max_length=24, choices=Flag), default=list, blank=True)
    name_key = NameKeyField()

    class Meta(OrganizationProfile.Meta):
        abstract = False
        verbose_name = "registration"
        ordering = ("due_at", "id")
        indexes = [
            models.Index(fields=["state", "due_at", "id"], name="registration_queue"),
            models.Index(fields=["state", "submitted_at"], name="registration_state_by_time"),
            models.Index(fields=["-created_at", "-id"], name="registration_by_time"),
            models.Index(
                fields=["submitted_at"], name="registration_by_submission", condition=Q(submitted_at__isnull=False)
            ),
            models.Index(F("decided_at").desc(nulls_last=True), F("id").desc(), name="registration_by_decision"),
            models.Index(fields=["expires_at"], name="registration_by_expiry", condition=Q(state="draft")),
            models.Index(Lower("contact_email"), name="registration_by_contact"),
            models.Index(DomainOf("contact_email"), name="registration_by_contact_domain"),
            *name_indexes("registration"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(state__in=LIVE_STATES),
                name="registration_once_per_invitation",
            ),
            models.CheckConstraint(condition=Q(state__in=RegistrationState.values), name="registration_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "merged")) | Q(organization__isnull=False),
                name="registration_approved_has_organization",
            ),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(state="approved"), name="registration_once_per_organization"
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

    @property
    def is_overdue(self) -> bool:
        """Whether the operator is late: what waits for the registrant is not the operator's to be late with."""
        waits_for_operator = self.state == RegistrationState.SUBMITTED
        return waits_for_operator and self.due_at is not None and self.due_at < timezone.now()

    @property
    def has_lapsed(self) -> bool:
        """Whether it expired as a draft, before anybody was asked to decide."""
        return self.state == RegistrationState.EXPIRED and self.submitted_at is None


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
        indexes = [models.Index(Lower("email"), name="named_by_email")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
