"""The operator's back office."""

from orgs.admin import invitations, organizations, registrations

__all__ = ["invitations", "organizations", "registrations"]
