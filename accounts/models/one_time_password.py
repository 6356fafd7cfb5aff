from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import PublicModel


class OneTimePassword(PublicModel):
    """The initial secret of a user, told to them by somebody they know. Only its hash is kept.

    It ends by use, by ``settings.ONE_TIME_PASSWORD_TRIES`` wrong tries, by time, or when another one is issued.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="one_time_passwords")
    secret_hash = models.CharField(max_length=256)
    issued_by = models.CharField(max_length=120)
    expires_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "One-Time Password"
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="one_time_password_one_alive",
            ),
        ]

    def __str__(self) -> str:
        return f"One-Time Password of {self.user_id}"
