from __future__ import annotations

from django.db import models

from core.models import PublicModel


class Application(PublicModel):
    """Something that the Home tab can open. ``code`` is what other rooms know it by."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
