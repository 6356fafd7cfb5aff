"""How objects are to be kept: encrypted at the store, and under retention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Keeping:
    """``encryption`` is empty, ``AES256`` or ``aws:kms``; ``lock_mode`` empty, ``GOVERNANCE`` or ``COMPLIANCE``."""

    encryption: str = ""
    encryption_key: str = ""
    lock_mode: str = ""
    lock_days: int = 0

    @property
    def encrypted(self) -> dict[str, Any]:
        """Parameters of a call that makes an object or begins one. Parts of it need none: the store knows them by then."""
        if not self.encryption:
            return {}
        key = {"SSEKMSKeyId": self.encryption_key} if self.encryption_key else {}
        return {"ServerSideEncryption": self.encryption, **key}

    @property
    def lasting(self) -> dict[str, Any]:
        """The same for an object that is here to stay: encrypted and from now on under retention."""
        if not self.lock_mode:
            return self.encrypted
        until = timezone.now() + timedelta(days=self.lock_days)
        return {**self.encrypted, "ObjectLockMode": self.lock_mode, "ObjectLockRetainUntilDate": until}
