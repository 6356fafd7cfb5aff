"""The tabs of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import navigation
from core.actor import Actor
from core.navigation import Tab
from orgs.models import Role
from sft import access, queries


def register() -> None:
    navigation.register(
        Tab("main", 10, _("Home"), "sft:home", ("sft:home",)),
        Tab(
            "main",
            20,
            _("Secure File Transfer"),
            "sft:received",
            ("sft:received", "sft:sent", "sft:drafts", "sft:package"),
            visible=queries.may_open_workspace,
        ),
        Tab(
            "sft",
            10,
            _("New Package"),
            "sft:package-new",
            ("sft:package-new", "sft:package-draft", "sft:package-files"),
        ),
        Tab("sft", 20, _("Received"), "sft:received", ("sft:received",), count=queries.unread_count),
        Tab("sft", 30, _("Sent"), "sft:sent", ("sft:sent",)),
        Tab("sft", 40, _("Drafts"), "sft:drafts", ("sft:drafts",)),
        Tab(
            "administration",
            15,
            _("Pending requests"),
            "sft:access-requests",
            ("sft:access-requests",),
            visible=_decides,
            count=_to_decide,
        ),
        Tab(
            "administration",
            30,
            _("Applications"),
            "sft:subscriptions",
            ("sft:subscriptions", "sft:application-people", "sft:access-grant"),
            visible=lambda actor: actor.has(Role.OA) or _decides(actor),
        ),
    )


def _decides(actor: Actor) -> bool:
    return bool(access.administered_codes(actor))


def _to_decide(actor: Actor) -> int:
    return queries.waiting(access.decidable_grants(actor)).count()
