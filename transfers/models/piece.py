from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from transfers.models.upload import Upload


class Piece(models.Model):
    """Acknowledged bytes ``[start, start + size)`` of a part that is not whole yet.

    The first piece of a part decides its home: the ``node`` on whose disk all its pieces are put together in one ``file``.
    A piece that came to another node lies in the store under ``storage_key`` until the home fetches it.
    """

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField("part")
    start = models.PositiveBigIntegerField("first byte in the part")
    size = models.PositiveBigIntegerField("bytes")
    sha256 = models.CharField("SHA-256", max_length=64)
    node = models.CharField(max_length=255, blank=True)
    file = models.CharField("file in the staging folder", max_length=100, blank=True)
    storage_key = models.CharField(max_length=200, blank=True)
    staged_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "piece"
        ordering = ("upload", "number", "start")
        indexes = [models.Index(fields=["node"], name="piece_by_node")]
        constraints = [
            models.UniqueConstraint(fields=["upload", "number", "start"], name="piece_start_once"),
            models.CheckConstraint(condition=Q(size__gt=0), name="piece_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="piece_digest_is_hex"),
            models.CheckConstraint(
                condition=Q(storage_key="", file__gt="", node__gt="") | Q(storage_key__gt="", file="", node=""),
                name="piece_lies_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"bytes {self.start}-{self.start + self.size - 1} of part {self.number} of {self.upload_id}"
