"""What the styleguide shows: made-up people and packages, and the real states of every kind of object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.contrib.staticfiles import finders
from django.db import models
from django.utils import timezone

from core import states
from core.actor import Actor, ActorKind
from core.navigation import Tab
from core.pagination import Page

BAR = "styleguide"
ACTOR = Actor(kind=ActorKind.USER, label="smithj_4821", user_id=UUID(int=1))

TABS = (
    Tab(BAR, 1, "Components", "styleguide:components", ("styleguide:components",)),
    Tab(BAR, 2, "Home", "styleguide:home", ("styleguide:home",), count=lambda _actor: 3),
    Tab(BAR, 3, "Wizard", "styleguide:wizard", ("styleguide:wizard",)),
    Tab(BAR, 4, "Front door", "styleguide:front-door", ("styleguide:front-door",)),
)

COLOURS = ("brand", "brand-soft", "ink", "ink-soft", "line", "line-strong", "paper", "surface", "sunken", "header")

TONES = ("success", "info", "warning", "danger", "neutral")


@dataclass(frozen=True, slots=True)
class Person:
    full_name: str = "Jordan Smith"
    get_username: str = "smithj_4821"


@dataclass(frozen=True, slots=True)
class Standing:
    """Something with a state, for where no row is needed."""

    state: str
    words: str

    def get_state_display(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Package:
    title: str
    sender: str
    size: int
    files: int
    arrived: datetime
    expires: datetime
    standing: Standing
    is_unread: bool = False


def ago(**length: float) -> datetime:
    return timezone.now() - timedelta(**length)


def icons() -> list[str]:
    """The names of every picture in the sprite."""
    sprite = Path(str(finders.find("icons.svg"))).read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([^"]+)"', sprite)


def all_states() -> list[dict[str, Any]]:
    """Each kind of object with an example of every state it can be in, from the transition tables themselves."""
    return [
        {"kind": str(machine.model._meta.verbose_name), "examples": _examples(machine.model)}
        for machine in states.machines()
    ]


def _examples(model: type[models.Model]) -> list[models.Model]:
    field = cast("models.Field[str, str]", model._meta.get_field("state"))
    return [model(state=value) for value, _ in field.flatchoices]


STEPS = (
    "Captcha", "Welcome", "Organization Profile", "Organization Administrator", "One Time Password",
    "Application Administrator(s)", "Review", "Submitted",
)  # fmt: skip


def steps(current: int) -> list[dict[str, str]]:
    """The wizard's steps with number ``current`` (from 1) as the one being shown; those before it are links."""
    return [
        {"label": label, "url": "#steps" if number < current else "", "state": _step_state(number, current)}
        for number, label in enumerate(STEPS, start=1)
    ]


def _step_state(number: int, current: int) -> str:
    if number == current:
        return "current"
    return "done" if number < current else "todo"


def timeline() -> list[dict[str, Any]]:
    return [
        {"label": "Submitted", "at": ago(days=1, hours=3), "who": "Jordan Smith", "state": "done"},
        {
            "label": "More information asked for", "at": ago(hours=5), "who": "Exostar", "state": "done",
            "detail": "Please add the CAGE code of your site in Leeds.",
        },
        {"label": "In review", "at": ago(minutes=50), "who": "Exostar", "state": "current"},
        {"label": "Decided", "at": None, "detail": "Due by the end of the next business day.", "state": "todo"},
    ]  # fmt: skip


def packages() -> list[Package]:
    delivered, expired = Standing("delivered", "Delivered"), Standing("expired", "Expired")
    ana, lars, mei = "Ana Duarte", "Lars Holm", "Mei Tanaka"
    return [
        Package("Wing rib drawings", ana, 48_300_000_000, 212, ago(minutes=4), ago(days=-13), delivered, is_unread=True),
        Package("Fatigue test data", lars, 1_236_000_000_000, 18, ago(hours=3), ago(days=-29), delivered, is_unread=True),
        Package("Purchase order 4500123987", ana, 184_000, 1, ago(days=2), ago(days=-5), delivered),
        Package("Tooling photos", mei, 912_000_000, 64, ago(days=9), ago(days=1), expired),
    ]  # fmt: skip


def applications() -> list[dict[str, Any]]:
    return [
        {
            "name": "SFT", "description": "Secure File Transfer: packages of very large files, to named people.",
            "grant": Standing("active", "Active"), "since": ago(days=20), "action_label": "Open Application", "primary": True,
        },
        {
            "name": "Supplier Portal", "description": "Orders, schedules and quality records.", "icon": "building",
            "grant": Standing("pending_aa", "Waiting for approval"), "next_actor": "Priya Nair, Application Administrator",
            "since": ago(hours=7), "action_label": "Remind",
        },
        {
            "name": "Export Licences", "description": "Licence requests and their papers.", "icon": "shield",
            "grant": Standing("inactive", "No access yet"), "next_actor": "you", "since": ago(days=20),
            "action_label": "Request Access",
        },
    ]  # fmt: skip


def pages() -> dict[str, Page[Any]]:
    return {
        "first": Page(rows=[], next_cursor="x", is_first=True),
        "middle": Page(rows=[], next_cursor="x", is_first=False),
        "last": Page(rows=[], next_cursor="", is_first=False),
    }


SUMMARY = (
    {"label": "Legal name", "value": "Hawker Precision Ltd"},
    {"label": "Country", "value": "United Kingdom"},
    {"label": "Address", "value": "12 Foundry Lane\nLeeds LS1 4AP"},
    {"label": "Website", "value": ""},
)

MAIL = {
    "subject": "You’re Invited to Collaborate with Northwind Aerospace",
    "sender": "gateway@mag.example",
    "to": "jordan.smith@hawker.example",
    "text": (
        "Hello Jordan,\n\nNorthwind Aerospace invites Hawker Precision Ltd to exchange files with them through the "
        "Managed Access Gateway.\n\nRegister Now: https://mag.example/invitation/…\n\nThe link works until 22 December 2025."
    ),
}
