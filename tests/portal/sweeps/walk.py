"""Everybody goes to every address once, looking and sending an empty form, and nothing of it stays."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db import connection, transaction
from django.test import RequestFactory, override_settings
from django.test.client import ClientHandler

from tests.portal.sweeps import world as worlds
from tests.portal.sweeps.routes import routes
from tests.portal.sweeps.world import ROLES, World

# What the settings make of a BASE_URL that begins with https; test_transport.py holds the two together.
OVER_HTTPS: dict[str, Any] = {
    "HTTPS": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "LANGUAGE_COOKIE_SECURE": True,
    "SESSION_COOKIE_NAME": "__Host-session",
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "DEVICE_COOKIE_NAME": "__Host-device",
    "HAND_OVER_COOKIE_NAME": "__Host-hand-over",
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 63072000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
}
# Each request writes into its own session that it was there.
SESSIONS = "accounts_session"
FORM = "application/x-www-form-urlencoded"
# A form that holds nothing that any page asks for, but is one.
EMPTY = b"nothing=1"
_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What came back, without the body. ``writes`` are the tables that the request wrote to, but for its own session."""

    route: str
    role: str
    verb: str
    status: int
    headers: dict[str, str]
    cookies: dict[str, dict[str, Any]]
    writes: frozenset[str]

    @property
    def word(self) -> str:
        """What the table of access says of it: the status, or ``sign-in`` for being sent there."""
        to = self.headers.get("Location", "")
        return "sign-in" if to.startswith(("/sign-in/?next", "/admin/login/")) else str(self.status)

    def __str__(self) -> str:
        return f"{self.verb} {self.route} as {self.role}: {self.status}"


class Browser(RequestFactory):
    """Django's test client without what that keeps of every template, which takes longer than most requests."""

    def __init__(self, *, checks: bool) -> None:
        super().__init__()
        self._handler = ClientHandler(enforce_csrf_checks=checks)

    def send(
        self, verb: str, url: str, body: bytes = b"", *, secure: bool = True, headers: dict[str, str] | None = None
    ) -> Any:
        """What the gateway answers to this form, or to this look."""
        return self._handler(self.generic(verb, url, body, FORM, secure=secure, headers=headers).environ)


Answers = dict[tuple[str, str], list[Answer]]


class Walk:
    """Requests to one world, each of them undone."""

    def __init__(self, world: World, store: redis.Redis, answers: Answers) -> None:
        self.world = world
        self._store = store
        self._answers = answers
        # Making one reads all middleware anew, which takes longer than a request.
        self._browsers = {checks: Browser(checks=checks) for checks in (False, True)}

    def routes(self) -> list[str]:
        """Those that something stands for in the world; the sweep of access fails where nothing does."""
        return [route for route in routes() if self._has_something_for(route)]

    def all(self) -> list[Answer]:
        """Every address, everybody, looking and sending an empty form."""
        return [answer for route in self.routes() for verb in ("GET", "POST") for answer in self.at(route, verb)]

    def _has_something_for(self, route: str) -> bool:
        try:
            return bool(self.world.url(route))
        except LookupError:
            return False

    def at(self, route: str, verb: str) -> list[Answer]:
        """The answers to everybody, in the order of ``ROLES``."""
        if (route, verb) not in self._answers:
            self._answers[route, verb] = [self.ask(route, role, verb) for role in ROLES]
        return self._answers[route, verb]

    def ask(self, route: str, role: str, verb: str, body: bytes = EMPTY, *, checks: bool = False) -> Answer:
        """One request, by default an empty form. ``checks`` holds forms to their token, as browsers are."""
        url = self.world.url(route)
        browser = self.browser(role, checks=checks)
        self._store.flushdb()
        written: set[str] = set()
        with undone(), connection.execute_wrapper(_noting(written)):
            response = browser.send(verb, url, body)
            # A file counts as fetched once its last byte has left.
            if response.streaming:
                response.getvalue()
        return Answer(
            route=route,
            role=role,
            verb=verb,
            status=response.status_code,
            headers=dict(response.items()),
            cookies={name: {"value": morsel.value, **morsel} for name, morsel in response.cookies.items()},
            writes=frozenset(written - {SESSIONS}),
        )

    def browser(self, role: str, *, checks: bool = False) -> Browser:
        """The browser of ``role``, as it was at the beginning."""
        browser = self._browsers[checks]
        browser.cookies.clear()
        if role in self.world.sessions:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.world.sessions[role]
        return browser


@contextmanager
def walking(store: redis.Redis, answers: Answers) -> Iterator[Walk]:
    """A world of its own for as long as somebody walks in it, under https and without a word in the log.

    ``answers`` are kept longer: what one module asked, the next does not ask again.
    """
    with undone():
        world = worlds.build()
        logging.disable(logging.CRITICAL)
        try:
            with override_settings(**OVER_HTTPS):
                yield Walk(world, store, answers)
        finally:
            logging.disable(logging.NOTSET)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written within is taken back."""
    block = transaction.atomic()
    # As Django's own TestCase says it: what asks for the outermost transaction is given this one.
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def _noting(tables: set[str]) -> Callable[..., Any]:
    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := _WRITES.match(str(sql)):
            tables.add(found[1])
        return execute(sql, params, many, context)

    return wrapper
