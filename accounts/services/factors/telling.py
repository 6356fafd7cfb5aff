"""Telling the owner of an account by mail what was done to its second factors."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.services import letters
from core.outbox import Link


def owner(user: User, template: str, **words: Any) -> None:
    """Mail ``user``. Such mails cannot be switched off."""
    links = {"security": Link("accounts:security"), "help": Link("accounts:help-login")}
    letters.tell(template, user, links=links, **words)
