from __future__ import annotations

import uuid

from django.db import models


class PublicModel(models.Model):
    """A row that may be named in a URL: its key is random (122 bits), so it tells neither order nor number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True
