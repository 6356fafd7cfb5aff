"""Who does something: the one answer that services, policies and the audit trail work with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self
from uuid import UUID


class ActorKind(StrEnum):
    USER = "user"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an unknown visitor or the system itself, acting for at most one organisation.

    ``label`` is what the audit trail shows: a User ID, ``visitor`` or the name of a job. ``roles`` holds the rights of the
    membership acted under, as strings that only the rooms that grant them interpret; ``is_staff`` marks operator staff.
    ``proofs`` are the values of ``accounts.proofs.Proof`` that the session was opened or strengthened with. ``via`` is the
    access token that a program showed instead of a session.
    """

    kind: ActorKind
    label: str
    user_id: UUID | None = None
    organization_id: UUID | None = None
    membership_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    is_staff: bool = False
    proofs: frozenset[str] = frozenset()
    via: UUID | None = None
    ip: str | None = None
    request_id: str = ""

    @classmethod
    def system(cls, job: str) -> Self:
        """The gateway itself, named by the job that runs: ``Actor.system("outbox sweep")``."""
        return cls(kind=ActorKind.SYSTEM, label=f"system: {job}")

    @classmethod
    def anonymous(cls, *, ip: str | None = None, request_id: str = "") -> Self:
        """Somebody who has not signed in."""
        return cls(kind=ActorKind.ANONYMOUS, label="visitor", ip=ip, request_id=request_id)

    @property
    def is_authenticated(self) -> bool:
        return self.kind is ActorKind.USER

    def has(self, role: str) -> bool:
        return role in self.roles

    def at(self, *, ip: str | None, request_id: str, proofs: frozenset[str] = frozenset()) -> Self:
        """The same actor, seen in this request."""
        return replace(self, ip=ip, request_id=request_id, proofs=proofs)
