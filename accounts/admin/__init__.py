"""The operator's back office: people and what lets them in."""

from accounts.admin import factor_resets, people

__all__ = ["factor_resets", "people"]
