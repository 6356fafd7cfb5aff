"""Who of the operator's staff has something on their desk: a registration, or a change of an organisation.

A claim says who looks at it and keeps nobody out: others may still decide it.
"""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
from core import audit
from core.actor import Actor
from core.errors import Conflict
from orgs import queries
from orgs.models import ChangeRequest, Registration
from orgs.services import deciders

Claimable = Registration | ChangeRequest


def holder(item: Claimable) -> User | None:
    """Who has it, unless they no longer work for the operator."""
    return queries.operator_staff().filter(pk=item.assigned_to_id).first() if item.assigned_to_id else None


def take(actor: Actor, item: Claimable, *, force: bool = False) -> None:
    """Put a locked row on the actor's desk; twice is as good as once. ``force`` takes it over from a colleague.

    Raises ``Conflict`` when a colleague has it.
    """
    if item.assigned_to_id == actor.user_id:
        return
    earlier = holder(item)
    if earlier and not force:
        raise Conflict(f"{earlier.full_name} has claimed this. Take it over if it cannot wait for them.")
    _assign(item, deciders.person(actor))
    _record(actor, "claim", item, taken_from=earlier)


def give_back(actor: Actor, item: Claimable) -> None:
    """Leave a locked row to whoever takes it next. Raises ``Conflict`` when it is not the actor's."""
    if item.assigned_to_id is None or item.assigned_to_id != actor.user_id:
        raise Conflict("You do not have this any more: it was released, or a colleague took it over.")
    _assign(item, None)
    _record(actor, "release", item)


def _assign(item: Claimable, user: User | None) -> None:
    item.assigned_to = user
    if isinstance(item, Registration):
        item.assigned_at = timezone.now() if user else None
    item.save(update_fields=["assigned_to", "assigned_at"] if isinstance(item, Registration) else ["assigned_to"])


def _record(actor: Actor, verb: str, item: Claimable, *, taken_from: User | None = None) -> None:
    audit.record(
        actor,
        f"orgs.{item._meta.model_name}.{verb}",
        item,
        data={"taken_from": taken_from.user_id} if taken_from else None,
        organization_id=item.organization_id,
    )
