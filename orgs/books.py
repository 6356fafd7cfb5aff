"""Where an organisation finds its events."""

from __future__ import annotations

from django.db import models


class Book(models.TextChoices):
    """Accounts belong to people, and so what happens to them is told in the operator's chain, not in an organisation's."""

    ORGANIZATION = "organization", "Organisation"
    PEOPLE = "people", "Users’ accounts"
