"""Partnerships: two organisations that collaborate, so that their people find each other."""

from __future__ import annotations

from orgs.models import Organization, Partnership


def make(one: Organization, other: Organization) -> None:
    """Make two organisations partners, both ways. Partners stay partners, and nobody becomes a partner of themselves."""
    if one.pk == other.pk:
        return
    Partnership.objects.bulk_create(
        [Partnership(organization=one, partner=other), Partnership(organization=other, partner=one)],
        ignore_conflicts=True,
    )


def exists(one: Organization, other: Organization) -> bool:
    return Partnership.objects.filter(organization=one, partner=other).exists()
