"""What the terminal shows once everything is ready."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def greeting(description: Mapping[str, Any]) -> str:
    return "\n".join(_lines(description))


def _lines(description: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"The gateway is ready:  {description['base_url']}/"
    if description["mailbox_url"]:
        yield f"Every mail it sends:   {description['mailbox_url']}"
    if description["invitation_url"]:
        yield f"A fresh invitation:    {description['invitation_url']}"
    if description["accounts"]:
        yield ""
        yield "Demonstration accounts (User ID, password):"
        yield from map(_account, description["accounts"])
    yield ""
    yield "Ctrl-C stops everything."


def _account(account: Mapping[str, str]) -> str:
    who = f"{account['role']}, {account['organization']}"
    return f"  {who:<44} {account['user_id']:<20} {account['password']}"
