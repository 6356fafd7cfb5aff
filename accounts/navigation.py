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
            marks=(
                "accounts:my-account",
                "accounts:change-phone",
                "accounts:preferences",
                "accounts:change-email",
                "accounts:confirm-email",
            ),
        ),
        Tab(
            bar=SECTION,
            order=30,
            label=_("Sessions"),
            view="accounts:sessions",
            marks=("accounts:sessions",),
        ),
        Tab(
            bar=SECTION,
            order=35,
            label=_("Access tokens"),
            view="accounts:access-tokens",
            marks=("accounts:access-tokens", "accounts:new-access-token"),
            visible=lambda actor: actor.is_authenticated and not actor.is_staff,
        ),
        Tab(
            bar=SECTION,
            order=40,
            label=_("Sign-in history"),
            view="accounts:sign-in-history",
            marks=("accounts:sign-in-history",),
        ),
        Tab(
            bar=SECTION,
            order=20,
            label=_("Security"),
            view="accounts:security",
            marks=(
                "accounts:security",
                "accounts:change-password",
                "accounts:add-",
                "accounts:new-recovery-codes",
                "accounts:rename-factor",
                "accounts:remove-factor",
            ),
        ),
        Tab(
            bar=SECTION,
            order=50,
            label=_("Notifications"),
            view="accounts:notifications",
            marks=("accounts:notifications",),
        ),
    )
