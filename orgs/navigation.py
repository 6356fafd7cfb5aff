"""The tabs of this room."""

from __future__ import annotations

from core.navigation import Tab, register
from orgs import queries, roles

SECTION = "administration"


def register_tabs() -> None:
    register(
        Tab(
            bar="main",
            order=30,
            label="Administration",
            view="orgs:administration",
            marks=("orgs:administration",),
            visible=roles.may_invite,
            section=SECTION,
        ),
        Tab(
            bar=SECTION,
            order=10,
            label="Users",
            view="orgs:users",
            marks=("orgs:user", "orgs:add-user", "orgs:hand-over"),
            visible=roles.is_organization_administrator,
            count=lambda actor: queries.lost_factors(actor).count(),
        ),
        Tab(
            bar=SECTION,
            order=15,
            label="Requests to join",
            view="orgs:join-requests",
            marks=("orgs:join-request",),
            visible=roles.is_organization_administrator,
            count=lambda actor: queries.waiting_join_requests(actor).count(),
        ),
        Tab(
            bar=SECTION,
            order=20,
            label="Invitations",
            view="orgs:invitations",
            marks=("orgs:invit",),
            visible=roles.may_invite,
        ),
        Tab(
            bar=SECTION,
            order=40,
            label="Organization",
            view="orgs:organization",
            marks=("orgs:organization",),
            visible=roles.is_administrator,
        ),
        Tab(
            bar=SECTION,
            order=50,
            label="Audit trail",
            view="orgs:audit-trail",
            marks=("orgs:audit-",),
            visible=roles.is_organization_administrator,
        ),
        Tab(
            bar="account",
            order=60,
            label="Memberships",
            view="orgs:memberships",
            marks=("orgs:memberships",),
            visible=lambda actor: actor.is_authenticated and not actor.is_staff,
        ),
        Tab(
            bar=SECTION,
            order=45,
            label="Second factors",
            view="orgs:second-factor-rule",
            marks=("orgs:second-factor-rule",),
            visible=roles.is_organization_administrator,
        ),
    )
