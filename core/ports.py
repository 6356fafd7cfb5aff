"""Ports: what a floor needs from above without knowing who is there.

The lower floor declares a ``Protocol`` and a ``Port`` for it; ``mag_portal.wiring`` binds the implementation at start.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from django.http import HttpRequest

from core.actor import Actor
from core.models import Mail

T = TypeVar("T")


class Port(Generic[T]):
    """A named place for exactly one implementation."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._bound: T | None = None

    def bind(self, implementation: T) -> None:
        self._bound = implementation

    def __call__(self) -> T:
        """The implementation. Raises ``RuntimeError`` when none was bound, which is a mistake in ``wiring``."""
        if self._bound is None:
            raise RuntimeError(f"No implementation is bound to the port {self.name!r}.")
        return self._bound


class ActorResolver(Protocol):
    def resolve(self, request: HttpRequest) -> Actor:
        """The actor behind a request, with the membership they act under; an anonymous one when nobody signed in."""


actor_resolver: Port[ActorResolver] = Port("core.actor_resolver")


class MailListener(Protocol):
    def bounced(self, mail: Mail, *, reason: str) -> None:
        """``mail`` came back or was refused for good; ``mail.about`` says what it was about, ``reason`` why, for people.

        Called inside the transaction that records the bounce, and for one mail once: raising undoes the record.
        """


mail_listener: Port[MailListener] = Port("core.mail_listener")
