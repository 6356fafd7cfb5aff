from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import PublicModel

SOON = timedelta(days=7)


class Scope(models.TextChoices):
    """What a program may do with a token. Each door asks for one of them."""

    FILES_SEND = "files:send", _("Send files")
    FILES_FETCH = "files:fetch", _("Fetch files")


class AccessToken(PublicModel):
    """The right of a program to act as its owner, within ``scopes``, until ``expires_at``.

    ``digest`` is the SHA-256 of the secret, which is kept nowhere; ``hint`` is its last four characters, and tells tokens
    apart. ``proofs`` are those of the session that made it: rules on second factors judge the program by them.
    ``ended_reason`` says why it was revoked, in words its owner reads.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_tokens")
    name = models.CharField(max_length=60)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope))
    proofs = ArrayField(models.CharField(max_length=32), default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)
    revoked_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "access token"
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0), name="access_token_scopes_known"
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="access_token_by_user")]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def ends_soon(self) -> bool:
        """Whether its owner had better make the next one now."""
        return self.is_live and self.expires_at <= timezone.now() + SOON

    @property
    def abilities(self) -> list[str]:
        """What it may do, in words."""
        return [str(Scope(scope).label) for scope in self.scopes]
