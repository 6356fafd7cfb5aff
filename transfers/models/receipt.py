from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import BigIntegerRangeField
from django.db import models
from django.db.models import Q

from transfers.models.upload import Upload


class FetchedSpan(models.Model):
    """Bytes of a file that were sent to somebody to their end. Once the spans cover the file it has been downloaded."""

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="fetched_spans")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    span = BigIntegerRangeField("bytes")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "fetched span"
        indexes = [models.Index(fields=["upload", "user"], name="fetched_by_whom")]
        constraints = [models.CheckConstraint(condition=Q(span__isempty=False), name="fetched_span_not_empty")]

    def __str__(self) -> str:
        return f"{self.span} of {self.upload_id}"
