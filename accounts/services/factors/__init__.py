"""Second factors: authenticator apps, passkeys, and the recovery codes that stand in for either."""

from accounts.services.factors.overview import Factor, ensure_offered, offered, overview, postpone, remove_all

__all__ = ["Factor", "ensure_offered", "offered", "overview", "postpone", "remove_all"]
