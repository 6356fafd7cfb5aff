from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.models.base import PublicModel


class Token(PublicModel):
    """The right to do one thing with one object, carried by a link or a program. Only a digest of its secret is kept.

    ``via`` is what it was asked for with, where that is not a session: it ends with it (``core.tokens.revoke_via``).
    """

    purpose = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    owner_id = models.UUIDField(null=True)
    via = models.UUIDField(null=True)
    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["purpose", "subject_id"], name="token_by_subject"),
            models.Index(fields=["owner_id"], name="token_by_owner"),
            models.Index(fields=["expires_at"], name="token_by_expiry"),
            models.Index(fields=["via"], name="token_by_via", condition=Q(via__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.subject_id}"
