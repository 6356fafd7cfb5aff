"""What somebody can prove who they are with, and what of it counts as a second factor."""

from __future__ import annotations

from django.db import models


class Proof(models.TextChoices):
    """One thing that was shown at the door. A session remembers which, and when."""

    ONE_TIME_PASSWORD = "one_time_password", "One-Time Password"
    PASSWORD = "password", "Password"
    AUTHENTICATOR_APP = "authenticator_app", "Authenticator app"
    PASSKEY = "passkey", "Passkey"
    RECOVERY_CODE = "recovery_code", "Recovery code"


class FactorKind(models.TextChoices):
    """The kinds of second factor that a rule may ask for. A recovery code stands in for any of them once."""

    AUTHENTICATOR_APP = Proof.AUTHENTICATOR_APP.value, Proof.AUTHENTICATOR_APP.label
    PASSKEY = Proof.PASSKEY.value, Proof.PASSKEY.label


SECOND_FACTORS = frozenset({Proof.AUTHENTICATOR_APP, Proof.PASSKEY, Proof.RECOVERY_CODE})
EVERY_KIND = frozenset(FactorKind.values)
