"""The One-Time Password that somebody chooses for a new user: typed by them, or made by the gateway."""

from __future__ import annotations

from accounts.services import one_time_passwords


def choose(typed: str | None, *, first_name: str, last_name: str, email: str) -> str:
    """``typed`` once it passes the password policy; a generated secret for ``None``.

    Raises ``Invalid`` with ``fields["one_time_password"]`` when ``typed`` is below the policy.
    """
    if typed is None:
        return one_time_passwords.generate()
    one_time_passwords.check(typed, first_name=first_name, last_name=last_name, email=email)
    return typed
