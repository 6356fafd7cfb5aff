"""What differs between the profile of an organisation and what somebody wants it to be.

Changes are JSON, ``{field: {"from": old, "to": new}}``, as a ``ChangeRequest`` and the audit trail keep them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django_countries import countries
from phonenumber_field.phonenumber import PhoneNumber

from orgs.models import BusinessType, Organization, OrganizationProfile

# What the operator has checked: who the organisation is, where it is, and what its addresses and identifiers are.
SENSITIVE = frozenset(
    (
        "legal_name", "country", "address_line_1", "address_line_2", "city", "region", "postal_code", "email_domains", "uei",
        "cage", "duns", "tax_id",
    )
)  # fmt: skip

Changes = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One changed field in words; ``is_stale`` where the profile no longer says what it said when the change was asked for,
    and ``now`` is what it says.
    """

    label: str
    before: str
    after: str
    is_stale: bool = False
    now: str = ""


def as_json(profile: Mapping[str, Any]) -> dict[str, Any]:
    """A profile by field name, in plain values of one spelling."""
    return {name: _plain(name, profile[name]) for name in OrganizationProfile.profile_fields()}


def differences(organization: Organization, wanted: Mapping[str, Any]) -> Changes:
    """The fields of which ``wanted``, a whole profile, says something else."""
    before, after = as_json(organization.profile()), as_json(wanted)
    return {name: {"from": before[name], "to": after[name]} for name in before if before[name] != after[name]}


def to_confirm(changes: Changes) -> Changes:
    """Those that wait for the operator. A phone number goes with the country that it has to be of."""
    names = SENSITIVE | {"phone"} if "country" in changes else SENSITIVE
    return {name: change for name, change in changes.items() if name in names}


def stale(organization: Organization, changes: Changes) -> list[str]:
    """The fields that no longer hold what they held when the changes were asked for."""
    now = as_json(organization.profile())
    return [name for name, change in changes.items() if now.get(name) != change["from"]]


def applied(organization: Organization, changes: Changes) -> dict[str, Any]:
    """The profile as it would be with ``changes``, in plain values."""
    return {**as_json(organization.profile()), **{name: change["to"] for name, change in changes.items()}}


def fingerprint(*parts: object) -> str:
    """A short digest of what a page was built from, by which it is known again."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def shown(changes: Changes, *, organization: Organization | None = None) -> list[ShownChange]:
    """The changes as people read them; with ``organization`` also whether they still fit its profile."""
    now = as_json(organization.profile()) if organization else {}
    return [
        ShownChange(
            label_of(name),
            in_words(name, change["from"]),
            in_words(name, change["to"]),
            is_stale=bool(now) and now[name] != change["from"],
            now=in_words(name, now[name]) if now else "",
        )
        for name, change in in_order(changes)
    ]


def in_order(changes: Changes) -> list[tuple[str, dict[str, Any]]]:
    """The changes as the page of a profile has its fields; the database keeps no order of its own."""
    return [(name, changes[name]) for name in OrganizationProfile.profile_fields() if name in changes]


def labels(names: Collection[str]) -> str:
    """``Legal name, City``, in the order of the page."""
    return ", ".join(label_of(name) for name in OrganizationProfile.profile_fields() if name in names)


def label_of(name: str) -> str:
    label = str(Organization._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def in_words(name: str, value: Any) -> str:
    """A plain value of the field ``name`` as people read it; nothing is empty."""
    if name == "country":
        return str(countries.name(value))
    if name == "phone" and value:
        return str(PhoneNumber.from_string(value).as_international)
    if name == "email_domains":
        return ", ".join(value)
    if name == "business_type" and value:
        return str(dict(BusinessType.choices).get(value, value))
    return str(value)


def _plain(name: str, value: Any) -> Any:
    if name == "country":
        return getattr(value, "code", value) or ""
    if name == "phone":
        return getattr(value, "as_e164", value) or ""
    if name == "email_domains":
        return sorted(value)
    return str(value or "")
