from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Maintenance(models.Model):
    """While the one row is there, nothing new is received: uploads are parked, what has arrived goes on into the store."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    since = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField("expected end", null=True)
    message = models.CharField("what senders are told", max_length=300, blank=True)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        verbose_name = "maintenance"
        verbose_name_plural = "maintenance"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="maintenance_one_row")]

    def __str__(self) -> str:
        return f"maintenance since {self.since:%Y-%m-%d %H:%M}"
