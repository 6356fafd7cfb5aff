"""Encrypting the keys of authenticator apps again, with the newest of ``FIELD_KEYS``, so that an older one can go."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.models import AuthenticatorApp
from core import audit
from core.actor import Actor
from core.secrets_at_rest import newest_key, open_sealed, seal

BATCH = 500


@dataclass(frozen=True, slots=True)
class Rotation:
    """``rotated`` now lie under the newest key; ``unreadable`` under keys that are not in ``FIELD_KEYS``, by their ids."""

    rotated: int
    unreadable: dict[str, int]


def rotate(actor: Actor) -> Rotation:
    """Go through every key that is not sealed with the newest one. The gateway may run meanwhile, and so may this twice."""
    older = AuthenticatorApp.objects.exclude(key_sealed__startswith=f"{newest_key()}:")
    rotated, unreadable = 0, dict[str, int]()
    for pk, sealed in older.values_list("pk", "key_sealed").iterator(chunk_size=BATCH):
        try:
            renewed = seal(open_sealed(sealed))
        except LookupError:
            key_id = sealed.partition(":")[0]
            unreadable[key_id] = unreadable.get(key_id, 0) + 1
            continue
        rotated += AuthenticatorApp.objects.filter(pk=pk, key_sealed=sealed).update(key_sealed=renewed)
    with transaction.atomic():
        data = {"key": newest_key(), "rotated": rotated, "unreadable": unreadable}
        audit.record(actor, "accounts.field_keys.rotate", data=data)
    return Rotation(rotated, unreadable)
