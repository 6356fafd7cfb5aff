from __future__ import annotations

from django.db import models

from core.models import PublicModel
from orgs.models.invitation import Invitation


class MailedStart(PublicModel):
    """Somebody asked to begin a registration by a mailed link, instead of reading a captcha; the link's token names this row.

    It holds the address until the link is used or has ended, and tells nothing afterwards: the sweep deletes it.
    """

    email = models.EmailField("e-mail", max_length=254)
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = "start by mail"
        indexes = [models.Index(fields=["created_at"], name="mailed_start_by_time")]

    def __str__(self) -> str:
        return self.email
