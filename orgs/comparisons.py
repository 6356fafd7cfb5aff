"""A registration beside what it resembles, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orgs.findings import IDENTIFIERS
from orgs.models import MatchKind, Organization, OrganizationProfile, OrganizationState, Registration, RegistrationMatch

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """What the other says; ``is_same`` where both say it."""

    value: str
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    own: str
    others: list[Cell]


@dataclass(frozen=True, slots=True)
class Resembling:
    """An organisation, or another registration, with the reasons why it is shown."""

    organization: Organization | None
    registration: Registration | None
    reasons: list[str]
    weight: float

    @property
    def profile(self) -> OrganizationProfile:
        profile = self.organization or self.registration
        assert profile is not None, "match_with_one"  # noqa: S101 - held by the database
        return profile

    @property
    def may_take_in(self) -> bool:
        """Whether the registration could be added to it."""
        return self.organization is not None and self.organization.state == OrganizationState.ACTIVE


@dataclass(frozen=True, slots=True)
class Comparison:
    """``shown`` are the columns beside the registration's own, the likeliest first; ``more`` did not fit."""

    shown: list[Resembling]
    more: list[Resembling]
    rows: list[Row]


def of_registration(registration: Registration, matches: Iterable[RegistrationMatch]) -> Comparison:
    """``matches`` come with their organisations and other registrations."""
    resembling = sorted(_resembling(matches), key=lambda one: -one.weight)
    shown, more = resembling[:_SHOWN], resembling[_SHOWN:]
    rows = [
        Row(field.label, field.read(registration), [_cell(field, registration, one.profile) for one in shown])
        for field in _FIELDS
    ]
    return Comparison(shown, more, [row for row in rows if row.own or any(cell.value for cell in row.others)])


def _resembling(matches: Iterable[RegistrationMatch]) -> list[Resembling]:
    groups: dict[tuple[object, object], list[RegistrationMatch]] = {}
    for match in matches:
        groups.setdefault((match.organization_id, match.other_id), []).append(match)
    return [
        Resembling(
            organization=group[0].organization,
            registration=group[0].other,
            reasons=[str(kind.label) for kind in MatchKind if kind in {match.kind for match in group}],
            weight=sum(_weight(match) for match in group),
        )
        for group in groups.values()
    ]


def _weight(match: RegistrationMatch) -> float:
    """Identifiers before domains before names; an organisation before a registration, which may come to nothing."""
    weight = 10.0 if match.kind in IDENTIFIERS else 3.0 if match.kind == MatchKind.DOMAIN else match.likeness or 0.0
    return weight + (0.5 if match.organization_id else 0.0)


def _cell(field: _Field, own: OrganizationProfile, other: OrganizationProfile) -> Cell:
    value = field.read(other)
    return Cell(value, bool(field.parts(value) & field.parts(field.read(own))))


@dataclass(frozen=True, slots=True)
class _Field:
    """``several`` where it lists more than one thing, of which one in common is enough."""

    label: str
    read: Callable[[OrganizationProfile], str]
    several: bool = False

    def parts(self, value: str) -> set[str]:
        """What is compared: letters and digits alone, in one case."""
        parts = value.split(", ") if self.several else [value]
        return {re.sub(r"[\W_]", "", part.casefold()) for part in parts} - {""}


def _address(profile: OrganizationProfile) -> str:
    lines = (profile.address_line_1, profile.address_line_2)
    return ", ".join(line for line in lines if line)


def _town(profile: OrganizationProfile) -> str:
    return " ".join(part for part in (profile.postal_code, profile.city, profile.region) if part)


_FIELDS = (
    _Field("Legal name", lambda profile: profile.legal_name),
    _Field("Doing business as", lambda profile: profile.doing_business_as),
    _Field("Country", lambda profile: str(profile.country.name or "")),
    _Field("Address", _address),
    _Field("City", _town),
    _Field("Phone", lambda profile: profile.phone.as_international if profile.phone else ""),
    _Field("Website", lambda profile: profile.website),
    _Field("E-mail domain(s)", lambda profile: ", ".join(sorted(profile.email_domains)), several=True),
    _Field("UEI", lambda profile: profile.uei),
    _Field("CAGE / NCAGE", lambda profile: profile.cage),
    _Field("D-U-N-S", lambda profile: profile.duns),
    _Field("Tax ID", lambda profile: profile.tax_id),
)
