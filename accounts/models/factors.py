from __future__ import annotations

import base64
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_otp.models import Device, DeviceManager, ThrottlingMixin, TimestampMixin
from django_otp_webauthn.models import AbstractWebAuthnAttestation, AbstractWebAuthnCredential

from core.models import PublicModel
from core.secrets_at_rest import open_sealed


class AuthenticatorApp(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc] # the library has no types
    """An app that shows a new code every 30 seconds (RFC 6238: SHA-1, six digits).

    Its key lies here encrypted (``core.secrets_at_rest``). ``last_step`` is the last time step whose code was taken: no code
    of that step or an earlier one is taken again. Not ``confirmed`` until the first right code.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_sealed = models.TextField()
    last_step = models.BigIntegerField(default=-1)

    objects: ClassVar[DeviceManager] = DeviceManager()

    class Meta:
        verbose_name = "authenticator app"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(confirmed=True), name="authenticator_app_name_once"
            )
        ]

    @property
    def key_text(self) -> str:
        """The key as people type it into an app: 32 characters of base 32."""
        return base64.b32encode(open_sealed(self.key_sealed)).decode()

    def get_throttle_factor(self) -> float:
        """Seconds after the first wrong code; they double with each one more."""
        return 1.0


class Passkey(AbstractWebAuthnCredential):  # type: ignore[misc] # as above
    """A WebAuthn credential: of this device, of a password manager, or on a security key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta(AbstractWebAuthnCredential.Meta):  # type: ignore[misc] # as above
        abstract = False
        verbose_name = "passkey"


class PasskeyAttestation(AbstractWebAuthnAttestation):  # type: ignore[misc] # as above
    """What the authenticator said of itself when the passkey was made; none is asked for, so this is mostly empty."""

    credential = models.OneToOneField(Passkey, on_delete=models.CASCADE, related_name="attestation", editable=False)


class RecoveryCode(PublicModel):
    """One of the codes to be kept on paper. At least 80 random bits; only a digest is kept; good once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"Recovery code of {self.user_id}"


class FactorResetState(models.TextChoices):
    REQUESTED = "requested", "Requested"
    VOUCHED = "vouched", "Identity confirmed"
    DONE = "done", "Second factors removed"
    DENIED = "denied", "Denied"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class FactorReset(PublicModel):
    """The way back in for somebody who lost every second factor: two persons agree, never a mail alone.

    ``vouched_by`` has checked who it is (an Organization Administrator of theirs, or operator staff), ``decided_by`` is a
    member of the operator's staff and somebody else.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factor_resets")
    state = models.CharField(max_length=16, choices=FactorResetState, default=FactorResetState.REQUESTED)
    message = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    vouched_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    vouched_at = models.DateTimeField(null=True)
    vouched_how = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = "request to reset second factors"
        verbose_name_plural = "lost second factors"
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=[FactorResetState.REQUESTED, FactorResetState.VOUCHED]),
                name="factor_reset_one_open",
            ),
            models.CheckConstraint(condition=Q(state__in=FactorResetState.values), name="factor_reset_state_known"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(vouched_by__isnull=True)
                | ~Q(decided_by=models.F("vouched_by")),
                name="factor_reset_by_two",
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="factor_reset_queue")]

    def __str__(self) -> str:
        return f"Second factors of {self.user_id}"
