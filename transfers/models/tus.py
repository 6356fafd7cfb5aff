from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q

from transfers.models.upload import Upload


def new_key() -> str:
    """144 random bits for the address of a resource."""
    return secrets.token_urlsafe(18)


class TusResource(models.Model):
    """An upload as tus clients see it: its address, and what they said that has to be given back as it was.

    The row stays when the upload has ended, so that its address is told to be gone. ``asked_with`` is the SHA-256 of the
    owner and the ``Idempotency-Key`` of the request that made it.
    """

    key = models.CharField(max_length=32, primary_key=True, default=new_key)
    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, related_name="tus")
    metadata = models.TextField("Upload-Metadata as received", blank=True)
    concat = models.TextField("Upload-Concat as received", blank=True)
    deferred = models.BooleanField("length not told at creation", default=False)
    asked_with = models.CharField("digest of the Idempotency-Key", max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "tus resource"
        constraints = [
            models.UniqueConstraint(fields=["asked_with"], condition=~Q(asked_with=""), name="tus_asked_with_once"),
        ]

    def __str__(self) -> str:
        return f"tus resource of {self.upload_id}"


class TusSource(models.Model):
    """The partial upload at ``position`` of a final one."""

    id = models.BigAutoField(primary_key=True)
    final = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="sources")
    partial = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="used_in")
    position = models.PositiveIntegerField()

    class Meta:
        verbose_name = "source of a concatenation"
        ordering = ("final", "position")
        constraints = [models.UniqueConstraint(fields=["final", "position"], name="tus_source_position_once")]

    def __str__(self) -> str:
        return f"{self.partial_id} at {self.position} of {self.final_id}"
