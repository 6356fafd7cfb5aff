from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from transfers.models.upload import Upload


class PartState(models.TextChoices):
    STAGED = "staged", "On the node's disk"
    PUSHED = "pushed", "In the object store"
    MISSING = "missing", "To be sent again"
    PROMISED = "promised", "On its way straight to the object store"


class Part(models.Model):
    """One acknowledged part: its bytes lie in ``file`` on the disk of ``node``, then in the store under ``etag``.

    A ``promised`` part was announced at the direct door and is nobody's word yet: only the store's listing makes it pushed.
    ``ranges`` are the ``[first byte, bytes, SHA-256]`` it came in at the parts door, so that a repeat can be compared once
    its bytes are elsewhere; ``None`` for one that came whole.
    """

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField("bytes")
    sha256 = models.CharField("SHA-256", max_length=64)
    state = models.CharField(max_length=16, choices=PartState, default=PartState.STAGED)
    node = models.CharField(max_length=255, blank=True)
    file = models.CharField("file in the staging folder", max_length=100, blank=True)
    ranges = models.JSONField("ranges it came in", null=True)
    etag = models.CharField(max_length=100, blank=True)
    staged_at = models.DateTimeField(default=timezone.now)
    pushed_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField("taken by a worker", null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField("next try", default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "part"
        ordering = ("upload", "number")
        indexes = [
            models.Index(fields=["node", "due_at"], name="part_staged", condition=Q(state="staged"), include=["size"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="part_number_once"),
            models.CheckConstraint(condition=Q(state__in=PartState.values), name="part_state_known"),
            models.CheckConstraint(condition=Q(number__gt=0), name="part_number_from_one"),
            models.CheckConstraint(condition=Q(size__gt=0), name="part_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="part_digest_is_hex"),
            models.CheckConstraint(condition=~Q(state="pushed") | ~Q(etag=""), name="part_pushed_has_etag"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.upload_id}"
