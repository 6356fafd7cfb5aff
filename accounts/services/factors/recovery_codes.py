"""Recovery codes: ten secrets on paper, each of which stands in for a second factor once.

Each has 80 random bits. Only ``Argon2id(code, salt = the id of its owner)`` is kept: one computation finds the code among
all ten, and a copy of the database is no list of codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from argon2.low_level import Type, hash_secret_raw
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import readable_codes
from accounts.hashers import Argon2id
from accounts.models import RecoveryCode, User
from accounts.proofs import Proof
from accounts.services.factors import telling
from core import audit, throttles
from core.actor import Actor
from core.errors import Invalid
from core.models import Outcome
from core.throttles import FailMode, Limit

# With an L they have the 80 bits that are promised.
ALPHABET = readable_codes.ALPHABET + "L"
WRONG = "This is none of your recovery codes, or it was used already. Each code works once."
NOT_THESE = "These codes have been replaced meanwhile, in another window or after a pause. Ask for them again."
TRIES = Limit("recovery codes of an account", "10/hour", FailMode.CLOSED)


def draw() -> list[str]:
    """New codes, which count for nothing until ``keep``."""
    return [readable_codes.draw(ALPHABET) for _ in range(settings.RECOVERY_CODES)]


def digests(user: User, codes: Sequence[str]) -> list[str]:
    """What may be remembered of ``codes`` between the page that shows them and the word that they are kept."""
    return [_digest(user, code).hex() for code in codes]


def keep(actor: Actor, *, user: User, digests: Sequence[str]) -> None:
    """From now on these codes count, and none that ``user`` had before. The owner is told by mail."""
    rows = [RecoveryCode(user=user, digest=bytes.fromhex(digest)) for digest in digests]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(rows)
        audit.record(actor, "accounts.recovery_codes.issue", user, data={"codes": len(rows)})
        telling.owner(user, "recovery_codes_new", count=len(rows))


def issue(actor: Actor, *, user: User) -> list[str]:
    """New codes at once, in place of those before: show them, they cannot be read again."""
    codes = draw()
    keep(actor, user=user, digests=digests(user, codes))
    return codes


def prove(actor: Actor, *, user: User, code: str) -> None:
    """Spend one code. The owner is told by mail how many are left.

    Raises ``Invalid`` with ``fields["code"]``; ``TooMany`` or ``Unavailable`` by the limit ``TRIES``. A refusal is in the
    audit trail.
    """
    throttles.hit(TRIES, str(user.pk))
    with transaction.atomic():
        unused = RecoveryCode.objects.filter(user=user, used_at__isnull=True, digest=_digest(user, code))
        spent = unused.update(used_at=timezone.now())
        if spent:
            audit.record(actor, "accounts.recovery_code.use", user, data={"left": left(user)})
            telling.owner(user, "recovery_code_used", left=left(user))
        else:
            data = {"kind": Proof.RECOVERY_CODE.value}
            audit.record(
                actor, "accounts.factor.try", user, outcome=Outcome.REFUSED, reason="wrong recovery code", data=data
            )
    if not spent:
        raise Invalid(fields={"code": WRONG})
    throttles.forget(TRIES, str(user.pk))


def left(user: User) -> int:
    """How many codes of ``user`` are still good."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


def _digest(user: User, code: str) -> bytes:
    return hash_secret_raw(
        readable_codes.compact(code).upper().encode(),
        salt=user.pk.bytes,
        time_cost=Argon2id.time_cost,
        memory_cost=Argon2id.memory_cost,
        parallelism=Argon2id.parallelism,
        hash_len=32,
        type=Type.ID,
    )
