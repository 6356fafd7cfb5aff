"""Rows that decisions about an organisation queue up behind. Always the organisation first, then what belongs to it."""

from __future__ import annotations

from uuid import UUID

from orgs.models import Organization


def organization(pk: UUID) -> Organization:
    """The organisation, held until the transaction ends; rows that point to it can still be written."""
    return Organization.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
