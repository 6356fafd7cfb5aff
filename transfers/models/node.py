from __future__ import annotations

from django.db import models


class Node(models.Model):
    """A machine with a staging folder. Each sweep asks it for a sign of life through its own queue.

    Questions are counted, not timed: a laptop that slept all night has been asked once, not for eight hours.
    """

    name = models.CharField(max_length=255, primary_key=True)
    unanswered = models.PositiveIntegerField("questions without an answer", default=0)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "node"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
