from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.models import PublicModel


class KnownDevice(PublicModel):
    """A browser that a person has signed in with before. It holds a random secret in a cookie, the table its SHA-256."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_devices")
    digest = models.BinaryField(max_length=32)
    label = models.CharField(max_length=120, blank=True)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="known_device_once")]

    def __str__(self) -> str:
        return self.label or "a browser"
