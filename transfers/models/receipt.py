from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import BigIntegerRangeField
from django.db import models
from django.db.models import Q

from transfers.models.upload import Upload


class FetchedSpan(models.Model):
    """Bytes of a file that were sent to somebody to their end. Once the spans cover the file it has been downloaded.

    What a line that broke had been given beyond is a span that is not ``is_sure``: whoever goes on from a byte within it says
    by that they have what comes before.
    """

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="fetched_spans")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    span = BigIntegerRangeField("bytes")
    is_sure = models.BooleanField("arrived for sure", default=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "fetched span"
        indexes = [
            models.Index(fields=["upload", "user"], name="fetched_by_whom"),
            models.Index(fields=["at"], name="fetched_by_time"),
        ]
        constraints = [models.CheckConstraint(condition=Q(span__isempty=False), name="fetched_span_not_empty")]

    def __str__(self) -> str:
        return f"{self.span} of {self.upload_id}"


class AwaitedReceipt(models.Model):
    """A download under way through nginx, whose log will say how much of it was sent.

    ``actor`` is to whom, as ``Actor`` without rights; ``stretches`` are ``[upload, first byte in the answer, first byte in
    the file, length]`` in the order of the answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    actor = models.JSONField()
    stretches = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "awaited receipt"
        indexes = [models.Index(fields=["at"], name="awaited_by_time")]

    def __str__(self) -> str:
        return f"receipt {self.pk}"


class ReceiptLog(models.Model):
    """How far a log of nginx has been read."""

    name = models.CharField(max_length=255, primary_key=True)
    offset = models.BigIntegerField("bytes read", default=0)

    class Meta:
        verbose_name = "receipt log"

    def __str__(self) -> str:
        return self.name
