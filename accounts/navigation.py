"""The tabs of this room: My Account, and within it the bar ``account``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.navigation import Tab, register

SECTION = "account"


def register_tabs() -> None:
    register(
        Tab(
            bar="main",
            order=40,
            label=_("My Account"),
            view="accounts:my-account",
            marks=("accounts:my-account",),
            section=SECTION,
        ),
        Tab(
            bar=SECTION,
            order=10,
            label=_("Profile"),
            view="accounts:my-account",
            marks=("accounts:my-account", "accounts:edit-profile", "accounts:change-email"),
        ),
    )
