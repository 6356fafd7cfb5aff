"""The kinds of mail that people may do without. Each room registers its own; what is not registered is always sent.

Nothing about an account, a sign-in or one's own access is ever a kind: such mails reach their reader whatever was chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from accounts.models import User
from core.actor import Actor


def everybody(actor: Actor) -> bool:
    return actor.is_authenticated


@dataclass(frozen=True, slots=True)
class Kind:
    """``code`` reads ``room.what``; it is offered to those whom ``concerns`` names."""

    code: str
    order: int
    label: str | Promise
    description: str | Promise
    concerns: Callable[[Actor], bool] = everybody


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    _kinds.update({kind.code: kind for kind in kinds})


def offered_to(actor: Actor) -> list[Kind]:
    """The kinds that may reach ``actor``, in order."""
    return sorted((kind for kind in _kinds.values() if kind.concerns(actor)), key=lambda kind: kind.order)


def wants(user: User, code: str) -> bool:
    """Whether ``user`` is to be told of this kind. Raises ``LookupError`` for one that nobody registered."""
    if code not in _kinds:
        raise LookupError(f"{code!r} is no registered kind of notification.")
    return code not in user.muted_notices
