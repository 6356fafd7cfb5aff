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


class Door(models.TextChoices):
    """How the bytes of an upload come."""

    PARTS = "parts", "Parts"
    TUS = "tus", "tus"
    DIRECT = "direct", "Straight to the object store"
    FORM = "form", "Plain form"


class Concat(models.TextChoices):
    """What an upload is in a tus concatenation."""

    NONE = "", "Whole"
    PARTIAL = "partial", "A piece of another upload"
    FINAL = "final", "Joined from others"


class Scan(models.TextChoices):
    """What the malware scanner said of an upload."""

    NOT_YET = "", "Not looked at yet"
    NO_SCANNER = "no_scanner", "No scanner is set up"
    WAITING = "waiting", "Waiting for the scanner"
    CLEAN = "clean", "Nothing found"
    FOUND = "found", "Malware found"
    TOO_LARGE = "too_large", "Larger than the scanner takes"


ENDED = (UploadState.ABORTED, UploadState.EXPIRED, UploadState.FAILED)


class Upload(PublicModel):
    """One file on its way from a sender's disk into the object store, with a ledger of its parts.

    Part *n* (counted from 1) is always bytes ``[(n-1)·part_size, n·part_size)``. ``size`` is unknown while a plain form is
    still being read or a tus client has not told it yet; ``part_size`` never changes. ``name`` and ``path`` are the sender's
    and only ever shown. Without a ``subject`` the file is its owner's alone, until ``expires_at``.

    ``writer`` is the one request that may append to a tus upload at this moment. ``assembling_since`` is when the store was
    asked to make the object and has not said since that it did, or that it cannot.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    subject = models.UUIDField("what the file is for", null=True)
    door = models.CharField(max_length=16, choices=Door, default=Door.PARTS)
    concat = models.CharField("part in a concatenation", max_length=16, choices=Concat, default=Concat.NONE, blank=True)
    name = models.CharField(max_length=255)
    path = models.CharField("folder", max_length=1024, blank=True)
    size = models.PositiveBigIntegerField("bytes", null=True)
    last_modified = models.BigIntegerField("modified on the sender's disk, ms since 1970", null=True)
    part_size = models.PositiveBigIntegerField("bytes in a part")
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.RECEIVING)
    bucket = models.CharField(max_length=63, blank=True)
    storage_key = models.CharField(max_length=200)
    multipart_id = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    crc32 = models.BigIntegerField("CRC-32", null=True)
    scan = models.CharField("malware scan", max_length=16, choices=Scan, default=Scan.NOT_YET, blank=True)
    scan_finding = models.CharField("what the scanner found", max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField("complete asked", null=True)
    stored_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField("taken by a worker", null=True)
    assembling_since = models.DateTimeField("store asked to make the object", null=True)
    writer = models.UUIDField("request that appends", null=True)
    writer_since = models.DateTimeField(null=True)
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
            models.Index(fields=["owner"], name="upload_by_owner"),
            # What quotas add up, without a look at the rows themselves.
            models.Index(
                fields=["owner", "subject"],
                name="upload_room_by_owner",
                include=["size", "concat", "id"],
                condition=~Q(state__in=ENDED),
            ),
            models.Index(
                fields=["owner", "subject"],
                name="upload_room_not_whole",
                condition=~Q(state__in=ENDED) & (Q(size__isnull=True) | Q(concat="partial")),
            ),
            models.Index(
                fields=["subject"],
                name="upload_room_by_subject",
                include=["size", "concat", "id"],
                condition=~Q(state__in=ENDED) & Q(subject__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="upload_loose_expiring", condition=Q(state="stored", subject=None)
            ),
            models.Index(fields=["due_at"], name="upload_finishing", condition=Q(state__in=("pushing", "verifying"))),
            models.Index(
                fields=["-completed_at", "-id"],
                name="upload_quarantined",
                condition=Q(state="quarantined") | Q(scan="found"),
            ),
            models.Index(fields=["due_at"], name="upload_unscanned", condition=Q(scan="waiting")),
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
            models.CheckConstraint(condition=Q(door__in=Door.values), name="upload_door_known"),
            models.CheckConstraint(condition=Q(concat__in=Concat.values), name="upload_concat_known"),
            models.CheckConstraint(condition=Q(scan__in=Scan.values), name="upload_scan_known"),
            models.CheckConstraint(condition=~Q(state="stored") | ~Q(scan="waiting"), name="upload_stored_is_scanned"),
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
