"""Where in the object store the files of packages lie."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

import orgs.queries
from core.actor import Actor
from sft import queries
from sft.models import Package
from transfers.ports import Place

# Enough of an organisation's id to tell it from all others, short enough for the name of a bucket.
SHORT_ID = 16


class OrganizationPlaces:
    """As ``S3_PLACEMENT`` says: all files side by side, or each organisation's below a prefix or in a bucket of its own.

    The organisation is the sender's. Each upload remembers its place, so that the setting may change at any time.
    """

    def place_for(self, actor: Actor, *, subject: UUID | None) -> Place:
        if settings.S3_PLACEMENT == "shared":
            return Place()
        organization_id = _of_package(subject) if subject else _of_person(actor)
        if organization_id is None:
            return Place()
        if settings.S3_PLACEMENT == "bucket":
            return Place(bucket=f"{settings.S3_BUCKET}-{organization_id.hex[:SHORT_ID]}")
        return Place(prefix=f"organizations/{organization_id}/")


def _of_package(subject: UUID) -> UUID | None:
    return Package.objects.filter(pk=subject).values_list("sender__organization_id", flat=True).first()


def _of_person(actor: Actor) -> UUID | None:
    """The organisation acted for; a program's token names none, and its owner's first with an open workspace counts."""
    if actor.organization_id is not None:
        return actor.organization_id
    members = queries.with_open_workspace(orgs.queries.active_members().filter(user=actor.user_id))
    return members.order_by("created_at", "id").values_list("organization_id", flat=True).first()
