"""What staff should look at twice before they approve: possible duplicates, and what is odd about an application."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orgs.models import Flag, MatchKind, Registration, RegistrationMatch

IDENTIFIERS = frozenset((MatchKind.UEI, MatchKind.CAGE, MatchKind.DUNS, MatchKind.TAX_ID))
_BRIEFLY = {
    MatchKind.NAME: "Similar name",
    Flag.FREE_MAIL: "Free mail",
    Flag.FREE_MAIL_DOMAIN: "Free mail domain",
    Flag.DISPOSABLE_MAIL: "Throw-away address",
    Flag.OTHER_DOMAIN: "Address of another domain",
    Flag.UNCONFIRMED_MAIL: "Address not confirmed",
    Flag.ONE_ADMINISTRATOR: "One administrator",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """``label`` in two or three words; ``detail`` says with whom, or what about it."""

    label: str
    detail: str
    tone: str

    @property
    def mark(self) -> str:
        return "info" if self.tone == "neutral" else "warning"


def duplicates(matches: Iterable[RegistrationMatch]) -> list[Finding]:
    """One for each kind of likeness, the identifiers first: they are no coincidence."""
    by_kind: dict[MatchKind, list[RegistrationMatch]] = {}
    for match in matches:
        by_kind.setdefault(MatchKind(match.kind), []).append(match)
    return [_duplicate(kind, by_kind[kind]) for kind in MatchKind if kind in by_kind]


def flags(registration: Registration) -> list[Finding]:
    found = (Flag(flag) for flag in registration.flags if flag in Flag.values)
    return [Finding(_BRIEFLY[flag], str(flag.label), _tone_of_flag(flag)) for flag in found]


def _duplicate(kind: MatchKind, matches: list[RegistrationMatch]) -> Finding:
    label = _BRIEFLY.get(kind, str(kind.label)) + (f" × {len(matches)}" if len(matches) > 1 else "")
    others = ", ".join(str(match.organization or match.other) for match in matches[:5])
    return Finding(label, f"{kind.label}: {others}", "danger" if kind in IDENTIFIERS else "warning")


def _tone_of_flag(flag: Flag) -> str:
    return "warning" if flag == Flag.DISPOSABLE_MAIL else "neutral"
