"""Tabs: each room registers its own, the base template shows those that are for the actor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from core.actor import Actor


@dataclass(frozen=True)
class Tab:
    """One tab of a bar. ``view`` is the URL name it opens; it is current on views whose name starts with one of ``marks``.

    ``count``, where given, is shown beside the label when it is above zero. A tab that opens a ``section`` is current on
    every page of the bar of that name.
    """

    bar: str
    order: int
    label: str | Promise
    view: str
    marks: tuple[str, ...]
    visible: Callable[[Actor], bool] = lambda actor: actor.is_authenticated
    count: Callable[[Actor], int] | None = None
    section: str = ""


@dataclass(frozen=True, slots=True)
class ShownTab:
    label: str
    url: str
    is_current: bool
    count: int


_tabs: list[Tab] = []


def register(*tabs: Tab) -> None:
    _tabs.extend(tab for tab in tabs if tab not in _tabs)


def bar(name: str, actor: Actor, current_view: str) -> list[ShownTab]:
    """The tabs of one bar for ``actor``, in order; ``current_view`` is ``namespace:name`` of the page being shown."""
    chosen = sorted((tab for tab in _tabs if tab.bar == name and tab.visible(actor)), key=lambda tab: tab.order)
    return [
        ShownTab(
            label=str(tab.label),
            url=reverse(tab.view),
            is_current=_is_current(tab, current_view),
            count=tab.count(actor) if tab.count else 0,
        )
        for tab in chosen
    ]


def _is_current(tab: Tab, view: str) -> bool:
    inside = (other.marks for other in _tabs if tab.section and other.bar == tab.section)
    return view.startswith(tab.marks) or any(view.startswith(marks) for marks in inside)
