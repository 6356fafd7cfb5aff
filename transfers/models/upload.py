from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import PublicModel


class UploadState(models.TextChoices):
    RECEIVING = "receiving", "Receiving"
    PUSHING = "pushing", "Uploaded"
    VERIFYING = "verifying", "Verifying"
    STORED = "stored", "Stored"
    ABORTED = "aborted", "Removed"
    EXPIRED = "expired", "Expired"
    QUARANTINED = "quarantined", "Quarantined"
    FAILED = "failed", "Failed"


ENDED = (UploadState.ABORTED, UploadState.EXPIRED, UploadState.FAILED)


class Upload(PublicModel):
    """One file on its way from a sender's disk into the object store, with a ledger of its parts.

    Part *n* (counted from 1) is always bytes ``[(n-1)·part_size, n·part_size)``. ``size`` is unknown while a plain form is
    still being read; ``part_size`` never changes. ``name`` and ``path`` are the sender's and only ever shown.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    subject = models.UUIDField("what the file is for")
    name = models.CharField(max_length=255)
    path = models.CharField("folder", max_length=1024, blank=True)
    size = models.PositiveBigIntegerField("bytes", null=True)
    last_modified = models.BigIntegerField("modified on the sender's disk, ms since 1970", null=True)
    part_size = models.PositiveBigIntegerField("bytes in a part")
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.RECEIVING)
    storage_key = models.CharField(max_length=200)
    multipart_id = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField("complete asked", null=True)
    stored_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField("taken by a worker", null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField("next try", null=True)
    last_error = models.CharField(max_length=300, blank=True)
    cleaned_at = models.DateTimeField("cleared from store and staging", null=True)

    class Meta:
        verbose_name = "upload"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="upload_by_time"),
            models.Index(fields=["subject"], name="upload_by_subject"),
            models.Index(fields=["expires_at"], name="upload_expiring", condition=Q(state="receiving")),
            models.Index(fields=["due_at"], name="upload_finishing", condition=Q(state__in=("pushing", "verifying"))),
            models.Index(fields=["id"], name="upload_uncleaned", condition=Q(state__in=ENDED, cleaned_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["storage_key"], name="upload_storage_key_once"),
            models.CheckConstraint(condition=Q(state__in=UploadState.values), name="upload_state_known"),
            models.CheckConstraint(condition=Q(part_size__gt=0), name="upload_part_size_positive"),
            models.CheckConstraint(condition=~Q(name=""), name="upload_has_name"),
            models.CheckConstraint(
                condition=Q(state__in=("receiving", *ENDED)) | Q(size__isnull=False, completed_at__isnull=False),
                name="upload_complete_has_size",
            ),
            models.CheckConstraint(
                condition=~Q(state="stored") | Q(sha256__regex=r"^[0-9a-f]{64}$", stored_at__isnull=False),
                name="upload_stored_has_digest",
            ),
        ]

    def __str__(self) -> str:
        """Without its name, which is its people's only: this is what back office and logs show."""
        return f"upload {self.pk}"

    @property
    def part_count(self) -> int | None:
        """How many parts the whole file has; none for an empty file, ``None`` while the size is unknown."""
        return None if self.size is None else -(-self.size // self.part_size)

    def length_of(self, number: int) -> int:
        """The exact length of part ``number``; the full part size while the file's end is unknown."""
        if self.size is None:
            return self.part_size
        return min(self.part_size, self.size - (number - 1) * self.part_size)
