"""Who may fetch the file of a package by itself, at the byte engine's own door."""

from __future__ import annotations

import orgs.queries
from core.actor import Actor
from core.errors import NotFound
from core.policies import Decision, refused
from orgs.catalogue import SFT
from orgs.models import Membership
from sft import policies, queries
from sft.models import PackageFile, Recipient
from sft.services import launches
from transfers.models import Upload


class PackageDownloadPolicy:
    """The recipients of a delivered package and its sender may, while Secure File Transfer is open to them."""

    def may_fetch(self, actor: Actor, *, upload: Upload) -> Decision:
        file = PackageFile.objects.select_related("package__sender").filter(upload_id=upload.pk).first()
        if file is None:
            raise NotFound
        recipient = None
        member = _sender(actor, file)
        if member is None:
            recipient = _recipient(actor, file)
            member = recipient.membership
        standing = queries.standing_of(organization_id=member.organization_id, membership_id=member.pk, code=SFT)
        may_open = policies.can_open(standing.subscription, standing.grant)
        if not may_open:
            return may_open
        launches.require_strength(actor, standing)
        if not orgs.queries.active_members().filter(pk=member.pk).exists():
            return refused("Your membership in the organisation that this was sent to has ended.")
        return policies.can_download(file.package, recipient, file)


def _sender(actor: Actor, file: PackageFile) -> Membership | None:
    sender = file.package.sender
    return sender if sender.user_id == actor.user_id else None


def _recipient(actor: Actor, file: PackageFile) -> Recipient:
    """The membership that the actor has chosen, where they have; else any that the package was delivered to."""
    rows = list(queries.addressed_to(file.package, actor).select_related("membership"))
    if actor.membership_id is not None:
        rows = [row for row in rows if row.membership_id == actor.membership_id]
    if not rows:
        raise NotFound
    return rows[0]
