"""The operator's back office: people and what lets them in."""

from accounts.admin import access_tokens, factor_resets, notices, people, sessions

__all__ = ["access_tokens", "factor_resets", "notices", "people", "sessions"]
