from __future__ import annotations

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
    """A titled set of files sent to recipients; a fixed snapshot once sent."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="packages")
    sender = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="packages")
    title = models.CharField("title", max_length=200, blank=True)
    note = models.TextField("note", max_length=4000, blank=True)
    state = models.CharField(max_length=16, choices=PackageState, default=PackageState.DRAFT)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["sender", "state", "-created_at", "-id"], name="package_by_sender")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PackageState.values), name="package_state_known"),
            models.CheckConstraint(condition=Q(state="draft") | ~Q(title=""), name="package_sent_has_title"),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(delivered_at__isnull=False),
                name="package_delivered_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title or "Untitled package"


class RecipientState(models.TextChoices):
    PENDING = "pending", "Pending"
    NOTIFIED = "notified", "Notified"
    OPENED = "opened", "Opened"
    DOWNLOADED = "downloaded", "Downloaded"


class Recipient(PublicModel):
    """One member to whom a package is addressed, and how far it has come with them."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="recipients")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="received")
    state = models.CharField(max_length=16, choices=RecipientState, default=RecipientState.PENDING)
    notified_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at", "id")
        indexes = [models.Index(fields=["membership", "-created_at", "-id"], name="recipient_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["package", "membership"], name="recipient_once"),
            models.CheckConstraint(condition=Q(state__in=RecipientState.values), name="recipient_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} of {self.package}"


class PackageFile(PublicModel):
    """One file of a package. The bytes are an upload of the byte engine; ``sha256`` is known once they are stored."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="files")
    upload_id = models.UUIDField(unique=True)
    path = models.CharField(max_length=1000, blank=True)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    stored_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("path", "name", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(stored_at__isnull=True, sha256="") | (Q(stored_at__isnull=False) & ~Q(sha256="")),
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
