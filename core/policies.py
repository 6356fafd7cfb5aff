"""What every policy answers with."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and where it is not, the sentence that says why."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def enforce(self, *, recorded: bool = False) -> None:
        """Raise ``NotAllowed`` with the reason unless allowed; ``recorded`` where the audit trail has the refusal already."""
        if not self.allowed:
            raise NotAllowed(self.reason, recorded=recorded)


ALLOWED = Decision(allowed=True)


def refused(reason: str) -> Decision:
    return Decision(allowed=False, reason=reason)
