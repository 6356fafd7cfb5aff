"""The operator's back office: people and what lets them in."""

from accounts.admin import people

__all__ = ["people"]
