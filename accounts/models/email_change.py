from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import PublicModel


class EmailChange(PublicModel):
    """A new address that its owner has not confirmed yet. The old one goes on counting until then."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_changes")
    new_email = models.EmailField(max_length=254)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(confirmed_at__isnull=True, cancelled_at__isnull=True),
                name="email_change_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"New address of {self.user_id}"
