"""The operator's queue: registrations by due time, and one page for each with its decisions."""

from orgs.admin.registrations.queue import RegistrationAdmin

__all__ = ["RegistrationAdmin"]
