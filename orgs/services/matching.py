"""Possible duplicates: what a registration has in common with organisations and with other registrations that wait."""

from __future__ import annotations

from orgs.models import Organization, Registration


def refresh(registration: Registration) -> None:
    """Write its likenesses anew."""


def organization_changed(organization: Organization) -> None:
    """Write the likenesses of waiting registrations with ``organization`` anew."""
