"""How much of a profile is filled in."""

from __future__ import annotations

from orgs import address_rules
from orgs.models import OrganizationProfile

# Nobody is less complete for having neither.
NOT_COUNTED = frozenset({"address_line_2", "doing_business_as"})


def per_cent(profile: OrganizationProfile) -> int:
    """The share of the fields that are filled in, required and optional ones, of those that its country has."""
    rules = address_rules.of(profile.country.code or "")
    absent = NOT_COUNTED | ({"region"} if not rules.regions else set())
    if profile.country and not rules.postal_code_pattern:
        absent |= {"postal_code"}
    counted = [name for name in profile.profile_fields() if name not in absent]
    return 100 * sum(bool(getattr(profile, name)) for name in counted) // len(counted)
