"""The operator's back office: people and what lets them in."""

from accounts.admin import factor_resets, notices, people, sessions

__all__ = ["factor_resets", "notices", "people", "sessions"]
