"""The operator's back office."""

from orgs.admin import (
    change_requests,
    counters,
    holidays,
    invitations,
    organizations,
    registrations,
    second_factor_rules,
)

__all__ = [
    "change_requests",
    "counters",
    "holidays",
    "invitations",
    "organizations",
    "registrations",
    "second_factor_rules",
]
