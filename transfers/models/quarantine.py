from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet

from core.models import PublicModel
from transfers.models.upload import Scan, Upload, UploadState


class InQuarantine(models.Manager["QuarantinedUpload"]):
    """What lies there, and what the scanner found and was decided."""

    def get_queryset(self) -> QuerySet[QuarantinedUpload]:
        return super().get_queryset().filter(Q(state=UploadState.QUARANTINED) | Q(scan=Scan.FOUND))


class QuarantinedUpload(Upload):
    """An upload as the operator's staff see it who decide on it."""

    objects: ClassVar[InQuarantine] = InQuarantine()

    class Meta:
        proxy = True
        ordering = ("-completed_at", "-id")
        verbose_name = "file in quarantine"
        verbose_name_plural = "files in quarantine"


class ReleaseState(models.TextChoices):
    ASKED = "asked", "Waits for a second person"
    GRANTED = "granted", "Released"
    REFUSED = "refused", "Refused"


class QuarantineRelease(PublicModel):
    """One of the operator's staff asks for a quarantined file to be let through; another one decides."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="releases")
    state = models.CharField(max_length=16, choices=ReleaseState, default=ReleaseState.ASKED)
    reason = models.CharField(max_length=1000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        verbose_name = "release from quarantine"
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ReleaseState.values), name="release_state_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="release_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="release_takes_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None) | ~Q(state="asked") & Q(decided_by__isnull=False),
                name="release_decided_by_somebody",
            ),
            models.UniqueConstraint(fields=["upload"], condition=Q(state="asked"), name="release_asked_once"),
        ]

    def __str__(self) -> str:
        return f"release of upload {self.upload_id}"


class QuarantineNews(models.Model):
    """When the operator's staff were told last that files lie in quarantine, and how many have come since: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    told_at = models.DateTimeField("told last", null=True)
    untold = models.PositiveIntegerField("files since", default=0)

    class Meta:
        verbose_name = "news of quarantine"
        verbose_name_plural = "news of quarantine"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="quarantine_news_one_row")]

    def __str__(self) -> str:
        return f"{self.untold} untold"
