"""States: the transition tables of all rooms, and the one function that moves an object along them.

Each room lists its transitions as data in its own ``states.py``; ``docs/states.md`` is generated from the registry here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from core import audit
from core.actor import Actor
from core.errors import Conflict

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Transition:
    """``action`` takes an object from any of ``sources`` to ``target``."""

    action: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Machine:
    """The table of one model. ``audited`` is off only for traffic (mails, parts), where the row itself is the record."""

    model: type[models.Model]
    transitions: tuple[Transition, ...]
    audited: bool = True

    def find(self, action: str) -> Transition:
        for transition in self.transitions:
            if transition.action == action:
                return transition
        raise LookupError(f"{self.model._meta.label} knows no action {action!r}.")

    def permits(self, state: str, action: str) -> bool:
        """Whether the table has ``action`` for an object in ``state``."""
        return state in self.find(action).sources


_machines: dict[type[models.Model], Machine] = {}


def register(
    model: type[models.Model],
    transitions: Iterable[tuple[str, str | tuple[str, ...], str]],
    *,
    audited: bool = True,
) -> Machine:
    """Declare the table of ``model`` as rows of (action, from, to). States must be values of its ``state`` field."""
    known = labels(model)
    rows = tuple(
        Transition(action, sources if isinstance(sources, tuple) else (sources,), target)
        for action, sources, target in transitions
    )
    for row in rows:
        unknown = {*row.sources, row.target} - known.keys()
        if unknown:
            raise ValueError(f"{model._meta.label}: {row.action} names unknown states {sorted(unknown)}.")
    machine = _machines[model] = Machine(model, rows, audited)
    return machine


def labels(model: type[models.Model]) -> dict[str, str]:
    """The words for each state of ``model``."""
    field: models.CharField[str, str] = model._meta.get_field("state")  # type: ignore[assignment]
    return {value: str(label) for value, label in field.flatchoices}


def machines() -> tuple[Machine, ...]:
    return tuple(_machines.values())


def permits(obj: models.Model, action: str) -> bool:
    return _machines[type(obj)].permits(obj.state, action)  # type: ignore[attr-defined]


def advance(
    obj: M,
    action: str,
    *,
    actor: Actor,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    **changes: Any,
) -> M:
    """Move ``obj`` along ``action`` and write ``changes`` to its other fields in the same ``UPDATE``.

    The update is filtered by the state that ``obj`` was loaded in. Raises ``Conflict`` when the table has no such move or
    another process moved the row first; the object is then left as it was. An audit event is written in the same transaction.
    """
    machine = _machines[type(obj)]
    transition = machine.find(action)
    before: str = obj.state  # type: ignore[attr-defined]
    if before not in transition.sources:
        raise _conflict(obj, before)
    with transaction.atomic():
        updated = type(obj)._default_manager.filter(pk=obj.pk, state=before).update(state=transition.target, **changes)
        if not updated:
            now = type(obj)._default_manager.filter(pk=obj.pk).values_list("state", flat=True).first()
            raise _conflict(obj, now)
        if machine.audited:
            audit.record(
                actor,
                f"{obj._meta.label_lower}.{action}",
                obj,
                reason=reason,
                data={"from": before, "to": transition.target, **(data or {})},
                organization_id=_chain_of(obj),
            )
    obj.state = transition.target  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(obj, name, value)
    return obj


def _chain_of(obj: models.Model) -> UUID | None:
    """The organisation whose audit chain tells of ``obj``: what the model itself names, else the one it belongs to."""
    chain: UUID | None = getattr(obj, "audit_chain", None) or getattr(obj, "organization_id", None)
    return chain


def _conflict(obj: models.Model, state: str | None) -> Conflict:
    noun = obj._meta.verbose_name
    if state is None:
        return Conflict(f"This {noun} no longer exists.")
    label = labels(type(obj)).get(state, state)
    return Conflict(f"This {noun} is now “{label}”, so this step is no longer open. Look at it again to see what is.")
