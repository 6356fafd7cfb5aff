from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from core.models.base import PublicModel


class SuppressionReason(models.TextChoices):
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"
    BY_HAND = "by_hand", "Put here by hand"


class Suppression(PublicModel):
    """An address that nothing is sent to until somebody takes it off the list. ``address`` is in lower case."""

    address = models.EmailField(max_length=254, unique=True)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    note = models.CharField(max_length=300, blank=True)
    added_by = models.CharField(max_length=120)

    class Meta:
        verbose_name = "suppressed address"
        verbose_name_plural = "suppression list"
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["-created_at", "-id"], name="suppression_by_time")]
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=SuppressionReason.values), name="suppression_reason_known"),
            models.CheckConstraint(condition=Q(address=Lower("address")), name="suppression_address_lower"),
        ]

    def __str__(self) -> str:
        return self.address
