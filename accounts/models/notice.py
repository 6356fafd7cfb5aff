from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.models import PublicModel


class NoticeKind(models.TextChoices):
    SYSTEM_USE = "system_use", "System-use notice"
    TERMS = "terms", "Terms of use"


class Notice(PublicModel):
    """A text that people accept: the notice before sign-in, or the terms of the gateway. Published once, never changed.

    The highest ``version`` of its kind is the one in force.
    """

    kind = models.CharField(max_length=16, choices=NoticeKind)
    version = models.PositiveIntegerField()
    text = models.TextField()
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("kind", "-version")
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="notice_version_once"),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, version {self.version}"


class NoticeAcceptance(PublicModel):
    """That somebody accepted one version, when and from where."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acceptances")
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="notice_accepted_once")]
        indexes = [models.Index(fields=["-created_at", "-id"], name="notice_acceptance_by_time")]

    def __str__(self) -> str:
        return f"{self.user_id} accepted {self.notice_id}"
