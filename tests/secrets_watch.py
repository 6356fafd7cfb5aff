"""What must stay secret, planted by every test that there is, and looked for in what the gateway writes down.

Whatever is hashed as a password or One-Time Password, sealed as a key, drawn as a recovery code or as an access token, worked
out as the secret of a link or given to a session counts as planted, and so does all that looks like an access token. After
each test its log lines, the rows of its audit trail and those of its outbox are read through. It needs no order of tests and
no shared place, so it works in parallel too, and the test that fails is the one that leaked.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.utils.module_loading import import_string

from accounts.services import access_tokens
from accounts.services.factors import recovery_codes
from core import tokens

# Shorter ones may stand anywhere by chance.
SHORTEST = 10
ACCESS_TOKEN = re.compile(r"mag_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}")
ROWS = {
    "the audit trail": "SELECT e::text FROM core_auditevent e",
    "the outbox": "SELECT m::text FROM core_mail m",
}


class Planted:
    """The secrets of the test that runs, by what they are, and the lines that were logged meanwhile."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.lines: list[str] = []

    def begin(self) -> None:
        self.secrets.clear()
        self.lines.clear()

    def take(self, kind: str, *secrets: str) -> None:
        for secret in secrets:
            if len(secret) >= SHORTEST:
                self.secrets.setdefault(secret, kind)

    def in_text(self, text: str) -> set[str]:
        """The kinds of those that ``text`` contains."""
        looks_like_one = {"an access token"} if ACCESS_TOKEN.search(text) else set()
        return looks_like_one | {kind for secret, kind in self.secrets.items() if secret in text}


planted = Planted()


class Lines(logging.Handler):
    """Keeps every line as the log of production would have it."""

    def emit(self, record: logging.LogRecord) -> None:
        planted.lines.append(self.format(record))


def watch() -> Iterator[None]:
    """Learn of every secret that is made or typed from now on."""
    with pytest.MonkeyPatch.context() as patch:
        _also(patch, MD5PasswordHasher, "encode", lambda _self, password, *_: planted.take("a password", password))
        _also(patch, Fernet, "encrypt", lambda _self, key: planted.take("a sealed key", *spellings(key)))
        _also(patch, recovery_codes, "_digest", lambda _user, code: planted.take("a recovery code", code))
        _after(patch, tokens, "secret_of", lambda secret: planted.take("the secret of a link", secret))
        _after(patch, access_tokens, "_draw", lambda secret: planted.take("an access token", secret))
        _after(patch, SessionBase, "_get_new_session_key", lambda key: planted.take("the key of a session", key))
        handler = _handler()
        logging.getLogger().addHandler(handler)
        yield
        logging.getLogger().removeHandler(handler)


def look_through(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Where, among ``texts`` by their place, a planted secret stands."""
    return [f"{kind} stands in {place}: {text}" for place, text in texts for kind in planted.in_text(text)]


def written(*, rows: bool) -> Iterator[tuple[str, str]]:
    """What the test that runs has written down so far; ``rows`` where it has a database."""
    yield from (("the log", line) for line in planted.lines)
    if not rows or connection.needs_rollback:
        return
    if connection.connection is not None and not connection.is_usable():
        # A test that lets the database go away leaves its rows there all the same.
        connection.close()
    with connection.cursor() as cursor:
        for place, statement in ROWS.items():
            cursor.execute(statement)
            yield from ((place, row[0]) for row in cursor.fetchall())


def has_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"})


def _handler() -> logging.Handler:
    """Formatted and filtered as the configuration says."""
    handler = Lines()
    configured: dict[str, Any] = settings.LOGGING
    line = configured["formatters"]["line"]
    handler.setFormatter(import_string(line["()"])(fmt=line["fmt"]))
    handler.addFilter(import_string(configured["filters"]["request_id"]["()"])())
    return handler


def spellings(key: bytes) -> tuple[str, ...]:
    return key.hex(), base64.b32encode(key).decode(), base64.b64encode(key).decode()


def _also(patch: pytest.MonkeyPatch, owner: Any, name: str, note: Callable[..., None]) -> None:
    """Let ``note`` see what ``owner.name`` is called with."""
    original = getattr(owner, name)

    def noted(*args: Any, **options: Any) -> Any:
        note(*args)
        return original(*args, **options)

    patch.setattr(owner, name, noted)


def _after(patch: pytest.MonkeyPatch, owner: Any, name: str, note: Callable[[Any], None]) -> None:
    """Let ``note`` see what ``owner.name`` answers."""
    original = getattr(owner, name)

    def noted(*args: Any, **options: Any) -> Any:
        answer = original(*args, **options)
        note(answer)
        return answer

    patch.setattr(owner, name, noted)
