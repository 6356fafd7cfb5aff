"""Rows that decisions queue up behind. Always the organisation first, then what belongs to it, and an invitation last.

A registration belongs to nobody until it is decided: it comes before the organisation that it is added to. What belongs to a
row is loaded afterwards where it can change: after a wait PostgreSQL reads the held row anew, and not what was joined to it.
"""

from __future__ import annotations

from uuid import UUID

from orgs.models import Invitation, JoinRequest, Organization, Registration


def organization(pk: UUID) -> Organization:
    """The organisation, held until the transaction ends; rows that point to it can still be written."""
    return Organization.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def registration(pk: UUID) -> Registration:
    """The same for a registration."""
    return Registration.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def join_request(pk: UUID) -> JoinRequest:
    """The same for a request to join."""
    return JoinRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def invitation(pk: UUID) -> Invitation:
    """The same for an invitation, with who sent it, which never changes."""
    rows = Invitation.objects.select_related("organization", "invited_by__user", "invited_by_staff")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=pk)
