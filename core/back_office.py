"""The operator's index: what waits for staff, counted by the rooms that know.

A room says so in its ``admin.py``, at module level::

    back_office.counter(
        "Registrations to decide",
        "admin:orgs_registration_changelist",
        lambda actor: queries.waiting_registrations(actor).count(),
        order=10,
    )

Every counter is asked once for every view of the index, so it is one cheap query on an index of the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from core.actor import Actor


@dataclass(frozen=True, slots=True)
class Counter:
    """One line of the index: ``label``, how many there are for an actor, and the list that shows them."""

    label: str | Promise
    view: str
    count: Callable[[Actor], int]
    query: str
    order: int
    tone: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A counter at one moment. ``tone`` is neutral while nothing waits."""

    label: str
    url: str
    count: int
    tone: str


_counters: list[Counter] = []


def counter(
    label: str | Promise,
    view: str,
    count: Callable[[Actor], int],
    *,
    query: str = "",
    order: int = 100,
    tone: str = "warning",
) -> None:
    """Show ``count(actor)`` on the operator's index, as a link to ``view`` (a URL name) with ``query`` behind the ``?``.

    ``order`` sorts, lowest first; ``tone`` is how a number above zero is shown: ``warning`` (somebody has to act),
    ``danger`` (something is broken) or ``info``. Saying the same twice shows it once.
    """
    _counters[:] = [known for known in _counters if (known.label, known.view) != (label, view)]
    _counters.append(Counter(label=label, view=view, count=count, query=query, order=order, tone=tone))


def waiting(actor: Actor) -> list[Waiting]:
    """What every counter says now, in order."""
    return [_look(known, actor) for known in sorted(_counters, key=lambda known: (known.order, str(known.label)))]


def _look(known: Counter, actor: Actor) -> Waiting:
    count = known.count(actor)
    url = reverse(known.view) + (f"?{known.query}" if known.query else "")
    return Waiting(label=str(known.label), url=url, count=count, tone=known.tone if count else "neutral")
