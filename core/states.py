"""States: the transition tables of all rooms, and the one function that moves an object along them.

Each room lists its transitions as data in its own ``states.py``; ``docs/states.md`` is generated from the registry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from core import audit
from core.actor import Actor
from core.errors import Conflict

M = TypeVar("M", bound=models.Model)
BATCH = 1000


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
    machine, transition = _move(obj, action)
    before: str = obj.state  # type: ignore[attr-defined]
    # One UPDATE is a transaction of its own: without an audit row beside it, a frame around it is three round trips for one.
    with transaction.atomic() if machine.audited else nullcontext():
        updated = type(obj)._default_manager.filter(pk=obj.pk, state=before).update(state=transition.target, **changes)
        if not updated:
            raise _conflict(obj, _state_now(obj))
        if machine.audited:
            audit.record(
                actor,
                f"{obj._meta.label_lower}.{action}",
                obj,
                reason=reason,
                data={"from": before, "to": transition.target, **(data or {})},
                organization_id=_chain_of(obj),
            )
    _moved(obj, transition.target, changes)
    return obj


def advance_many(
    objs: Sequence[M],
    action: str,
    *,
    actor: Actor,
    data: Callable[[M], Mapping[str, Any]] | None = None,
    **changes: Any,
) -> None:
    """``advance`` for many objects of one model that were loaded in one state: all of them, or none.

    One ``UPDATE`` for each thousand rows, which are locked in key order first, and an audit event for each of them with
    what ``data`` says of it. Raises ``Conflict`` when any of them has moved meanwhile.
    """
    if not objs:
        return
    model = type(objs[0])
    machine, transition = _move(objs[0], action)
    before: str = objs[0].state  # type: ignore[attr-defined]
    ordered = sorted(objs, key=lambda obj: str(obj.pk))
    with transaction.atomic():
        for start in range(0, len(ordered), BATCH):
            keys = [obj.pk for obj in ordered[start : start + BATCH]]
            rows = model._default_manager.filter(pk__in=keys, state=before)
            held = {*rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True)}
            elsewhere = next((obj for obj in ordered[start : start + BATCH] if obj.pk not in held), None)
            if elsewhere is not None:
                raise _conflict(elsewhere, _state_now(elsewhere))
            rows.update(state=transition.target, **changes)
        if machine.audited:
            told = {"from": before, "to": transition.target}
            audit.record_many(
                actor,
                f"{model._meta.label_lower}.{action}",
                ((obj, {**told, **(data(obj) if data else {})}, _chain_of(obj)) for obj in objs),
            )
    for obj in objs:
        _moved(obj, transition.target, changes)


def _move(obj: models.Model, action: str) -> tuple[Machine, Transition]:
    """The table of ``obj`` and its row for ``action``; raises ``Conflict`` where it is closed to the state ``obj`` is in."""
    machine = _machines[type(obj)]
    transition = machine.find(action)
    state: str = obj.state  # type: ignore[attr-defined]
    if state not in transition.sources:
        raise _conflict(obj, state)
    return machine, transition


def _moved(obj: models.Model, state: str, changes: Mapping[str, Any]) -> None:
    for name, value in {**changes, "state": state}.items():
        setattr(obj, name, value)


def _state_now(obj: models.Model) -> str | None:
    state: str | None = type(obj)._default_manager.filter(pk=obj.pk).values_list("state", flat=True).first()
    return state


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
