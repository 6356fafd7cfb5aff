"""Partnerships: two organisations that collaborate, so that their people find each other."""

from __future__ import annotations

from orgs.models import Organization, Partnership


def make(one: Organization, other: Organization) -> None:
    """Make two organisations partners, both ways. Partners stay partners, and nobody becomes a partner of themselves."""
    if one.pk == other.pk:
        return
    # In one order whoever asks, so that two who make the same partnership at once wait in line.
    first, second = sorted((one, other), key=lambda organization: organization.pk)
    Partnership.objects.bulk_create(
        [Partnership(organization=first, partner=second), Partnership(organization=second, partner=first)],
        ignore_conflicts=True,
    )


def exists(one: Organization, other: Organization) -> bool:
    return Partnership.objects.filter(organization=one, partner=other).exists()
