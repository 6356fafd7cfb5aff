"""The suppression list: addresses that nothing is sent to, and who put them there."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from core import audit
from core.actor import Actor
from core.errors import Invalid
from core.models import Suppression, SuppressionReason


def entry_for(address: str) -> Suppression | None:
    """The entry that keeps mail from this address, if there is one; upper and lower case are the same."""
    return Suppression.objects.filter(address=_normal(address)).first()


@transaction.atomic
def add(actor: Actor, *, address: str, reason: SuppressionReason, note: str = "") -> Suppression:
    """Put an address on the list. One that is there already stays as it is, and is returned.

    Raises ``Invalid`` when it is no address.
    """
    normal = _normal(address)
    try:
        validate_email(normal)
    except ValidationError as error:
        raise Invalid(fields={"address": "Enter an e-mail address."}) from error
    entry, is_new = Suppression.objects.get_or_create(
        address=normal,
        defaults={"reason": reason, "note": note.strip()[:300], "added_by": actor.label[:120]},
    )
    if is_new:
        audit.record(actor, "core.suppression.add", entry, reason=entry.note, data={"address": normal, "why": reason})
    return entry


@transaction.atomic
def lift(actor: Actor, entry: Suppression) -> None:
    """Take an address off the list. What was suppressed meanwhile can be resent; nothing leaves by itself."""
    data = {"address": entry.address, "why": entry.reason, "since": entry.created_at.isoformat()}
    audit.record(actor, "core.suppression.lift", entry, reason=entry.note, data=data)
    Suppression.objects.filter(pk=entry.pk).delete()


def _normal(address: str) -> str:
    return address.strip().lower()
