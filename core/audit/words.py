"""Events in words for people, and the names of what they are about.

A room says both in a module ``audit_words``, at module level::

    words.say("Signing in", {"accounts.session.begin": _("Sign-in")}, order=10)
    words.name("accounts.User", lambda keys: {str(user.pk): str(user) for user in User.objects.filter(pk__in=keys)})

Each model is asked once for a page of events, whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.models import AuditEvent, Outcome

Words = str | Promise
Namer = Callable[[Collection[str]], Mapping[str, str]]
Finder = Callable[[str], Collection[UUID]]

TONES = {Outcome.DONE: "neutral", Outcome.REFUSED: "warning", Outcome.FAILED: "danger"}


@dataclass(frozen=True, slots=True)
class Area:
    """Actions that belong together in the eyes of a reader."""

    code: str
    label: Words
    order: int
    sentences: dict[str, Words]


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a list shows it."""

    event: AuditEvent
    what: str
    about: str
    chain: str
    tone: str

    @property
    def seal(self) -> str:
        """The digest that seals the event."""
        return bytes(self.event.seal.digest).hex()


_areas: dict[str, Area] = {}
_namers: dict[str, Namer] = {}
_finders: list[Finder] = []
_chains: list[Finder] = []


def say(area: str, label: Words, sentences: Mapping[str, Words], *, order: int = 100) -> None:
    """What happened, in a few words without an end, for each action of an area. Rooms may add to the same ``area``."""
    known = _areas.setdefault(area, Area(area, label, order, {}))
    known.sentences.update(sentences)


def name(model: str, namer: Namer) -> None:
    """How objects of ``model`` are called, by their keys as texts. What ``namer`` leaves out is shown by its kind."""
    _namers[model] = namer


def find(finder: Finder) -> None:
    """Let ``finder`` say whose and which objects' events somebody means who types this word."""
    _finders.append(finder)


def find_chain(finder: Finder) -> None:
    """Let ``finder`` say which organisation somebody means."""
    _chains.append(finder)


def areas() -> list[Area]:
    return sorted(_areas.values(), key=lambda area: area.order)


def sentence(action: str) -> str:
    """``action`` in words; one that no room has words for is taken apart."""
    for area in _areas.values():
        if action in area.sentences:
            return str(area.sentences[action])
    _room, _dot, rest = action.partition(".")
    return rest.replace(".", ": ").replace("_", " ").capitalize() or action


def has_sentence(action: str) -> bool:
    return any(action in area.sentences for area in _areas.values())


def meant(word: str) -> set[str]:
    """The keys, as texts, of all that ``word`` may mean."""
    return {str(key) for finder in _finders for key in finder(word)}


def chains_meant(word: str) -> set[UUID]:
    return {key for finder in _chains for key in finder(word)}


def lines(events: Sequence[AuditEvent]) -> list[Line]:
    """``events`` in words, in their order."""
    names = _names(events)
    organizations = _named(
        "orgs.Organization", {str(event.organization_id) for event in events if event.organization_id}
    )
    return [
        Line(
            event=event,
            what=sentence(event.action),
            about=names.get((event.target_type, event.target_id), "") or kind_of(event.target_type),
            chain=organizations.get(str(event.organization_id), ""),
            tone=TONES.get(Outcome(event.outcome), "neutral"),
        )
        for event in events
    ]


def kind_of(target_type: str) -> str:
    """``orgs.JoinRequest`` as a person says it; empty for what there is no longer."""
    try:
        model: type[models.Model] = apps.get_model(target_type)
    except (LookupError, ValueError):
        return ""
    return str(model._meta.verbose_name).capitalize()


def facts(event: AuditEvent) -> list[tuple[str, str]]:
    """What else the event holds, label and value; where it changed something, from what to what first."""
    data = dict(event.data)
    changed = [(_("Changed"), f"{data.pop('from')} → {data.pop('to')}")] if {"from", "to"} <= data.keys() else []
    return changed + [(key.replace("_", " ").capitalize(), _readable(value)) for key, value in data.items()]


def _readable(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_readable(item) for item in value) or "–"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_readable(item)}" for key, item in value.items()) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in {None, ""} else str(value)


def _names(events: Sequence[AuditEvent]) -> dict[tuple[str, str], str]:
    wanted: dict[str, set[str]] = {}
    for event in events:
        wanted.setdefault(event.target_type, set()).add(event.target_id)
    return {(model, key): called for model, keys in wanted.items() for key, called in _named(model, keys).items()}


def _named(model: str, keys: Collection[str]) -> Mapping[str, str]:
    namer = _namers.get(model)
    return namer(keys) if namer and keys else {}
