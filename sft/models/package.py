from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q

from core.models import PublicModel
from orgs.models import Membership, Organization


class PackageState(models.TextChoices):
    DRAFT = "draft", "Draft"
    UPLOADING = "uploading", "Uploading"
    PROCESSING = "processing", "Processing"
    DELIVERED = "delivered", "Delivered"
    EXPIRED = "expired", "Expired"
    PURGED = "purged", "Purged"
    WITHDRAWN = "withdrawn", "Withdrawn"
    FAILED = "failed", "Failed"


class Package(PublicModel):
    """A titled set of files sent to recipients; a fixed snapshot once sent.

    ``uploaded_at`` is when the last byte of its last file had arrived, ``delivered_at`` when every file was verified in
    storage. ``failure`` says to the sender why a failed package will not be delivered.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="packages")
    sender = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="packages")
    title = models.CharField("title", max_length=200, blank=True)
    note = models.TextField("note", max_length=4000, blank=True)
    state = models.CharField(max_length=16, choices=PackageState, default=PackageState.DRAFT)
    sent_at = models.DateTimeField(null=True)
    uploaded_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "package"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["sender", "-created_at", "-id"], name="package_drafts", condition=Q(state="draft")),
            models.Index(fields=["sender", "-sent_at", "-id"], name="package_sent", condition=Q(sent_at__isnull=False)),
            models.Index(fields=["-created_at", "-id"], name="package_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PackageState.values), name="package_state_known"),
            models.CheckConstraint(
                condition=Q(state="draft") | (~Q(title="") & Q(sent_at__isnull=False)),
                name="package_sent_has_title_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(delivered_at__isnull=False),
                name="package_delivered_has_time",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure=""), name="package_failed_has_reason"),
        ]

    def __str__(self) -> str:
        """Without its title, which is its people's only: this is what back office and logs show."""
        return f"package {self.pk}"

    @property
    def name(self) -> str:
        """What its people know it by."""
        return self.title or "Untitled package"


class RecipientState(models.TextChoices):
    PENDING = "pending", "Pending"
    NOTIFIED = "notified", "Notified"
    OPENED = "opened", "Opened"
    DOWNLOADED = "downloaded", "Downloaded"


class Recipient(PublicModel):
    """One member to whom a package is addressed, and how far it has come with them.

    ``notified_at`` is the moment of delivery to them; ``downloaded_at`` when every file had been sent to them whole.
    """

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="recipients")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="received")
    state = models.CharField(max_length=16, choices=RecipientState, default=RecipientState.PENDING)
    notified_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "recipient"
        ordering = ("created_at", "id")
        indexes = [
            models.Index(
                fields=["membership", "-notified_at", "-id"],
                name="recipient_inbox",
                condition=Q(notified_at__isnull=False),
            ),
            models.Index(fields=["membership"], name="recipient_unread", condition=Q(state="notified")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["package", "membership"], name="recipient_once"),
            models.CheckConstraint(condition=Q(state__in=RecipientState.values), name="recipient_state_known"),
            models.CheckConstraint(
                condition=Q(state="pending") | Q(notified_at__isnull=False), name="recipient_notified_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership} of {self.package}"

    @property
    def organization_id(self) -> UUID:
        """The sender's organisation: its audit trail tells how far its package has come."""
        return self.package.organization_id


class PackageFile(PublicModel):
    """One file of a package. The bytes are an upload of the byte engine; ``sha256`` is known once they are verified.

    ``size`` is unknown while a plain form is still being read. ``failure`` is set where the upload ended without its bytes.
    """

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="files")
    upload_id = models.UUIDField(unique=True)
    path = models.CharField("folder", max_length=1024, blank=True)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField("bytes", null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    stored_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "file"
        ordering = ("path", "name", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(stored_at__isnull=True, sha256="")
                | (Q(stored_at__isnull=False, size__isnull=False) & ~Q(sha256="")),
                name="package_file_stored_has_digest",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FileDownload(PublicModel):
    """That a named recipient was sent every byte of a file, and when."""

    file = models.ForeignKey(PackageFile, on_delete=models.CASCADE, related_name="downloads")
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="downloads")
    sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["recipient", "file"], name="download_by_recipient")]

    def __str__(self) -> str:
        return f"{self.file_id} by {self.recipient_id}"
