"""Many invitations at once: a checked file is kept until one press sends all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, outbox, states, throttles, tokens
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed
from core.throttles import FailMode, Limit
from orgs.dates import in_words
from orgs.invitation_files import LABELS, Fault, FaultyRows
from orgs.models import Application, Invitation, InvitationBatch
from orgs.services.invitations import letters, obstacles, quota
from orgs.services.invitations.senders import Sender, sender
from orgs.services.invitations.sending import new_expiry

FILES = Limit("files of invitations checked for one member", "60/hour", FailMode.OPEN)
KEPT_FOR_ONE = 5
# What a record may hold of an invitation, besides its row and its applications.
FIELDS = (
    "company_name", "first_name", "last_name", "email", "message", "external_reference", "colleague_allowed", "language",
)  # fmt: skip
SIZE = 1000


def keep(actor: Actor, *, records: Sequence[Mapping[str, Any]], file_name: str = "") -> InvitationBatch:
    """Keep the right rows of a file for ``settings.INVITATION_FILE_KEPT``; nothing is sent.

    Each record has its ``row``, its ``applications`` (ids as text) and ``FIELDS``. Raises ``FaultyRows`` for addresses that
    cannot be invited now, and ``TooMany`` for more than may be sent today.
    """
    inviting = sender(actor)
    if inviting.organization is None or inviting.member is None:
        raise NotAllowed("Many companies at once are invited by a member of an organisation.")
    throttles.hit(FILES, str(actor.user_id))
    _refuse_obstacles(inviting.organization_id, records)
    quota.ensure(inviting.organization_id, count=len(records))
    batch = InvitationBatch.objects.create(
        organization=inviting.organization,
        made_by=inviting.member,
        file_name=file_name[:200],
        records=list(records),
        size=len(records),
        expires_at=timezone.now() + settings.INVITATION_FILE_KEPT,
    )
    older = InvitationBatch.objects.filter(made_by=inviting.member).order_by("-created_at", "-id")[KEPT_FOR_ONE:]
    InvitationBatch.objects.filter(pk__in=[found.pk for found in older]).delete()
    return batch


@transaction.atomic
def send(actor: Actor, batch: InvitationBatch) -> InvitationBatch:
    """Invite everybody in a file: all of them, or nobody. A second press changes nothing.

    Raises ``FaultyRows`` where an address cannot be invited any more, ``TooMany``, and ``Conflict`` where somebody invited
    one of them at the same moment.
    """
    inviting = sender(actor)
    locked = InvitationBatch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch.pk)
    if locked.sent_at:
        return locked
    records = sorted(locked.records, key=lambda record: str(record["email"]))
    obstacles.end_lapsed(inviting.organization_id, [record["email"] for record in records])
    _refuse_obstacles(inviting.organization_id, records)
    quota.take(inviting.organization_id, count=len(records))
    _send_all(actor, inviting, locked, records)
    locked.sent_at, locked.records = timezone.now(), []
    locked.save(update_fields=["sent_at", "records"])
    audit.record(actor, "orgs.invitationbatch.send", locked, data={"count": locked.size, "file": locked.file_name})
    return locked


def forget_files() -> int:
    """Delete the files whose time is over; returns how many."""
    count, _ = InvitationBatch.objects.filter(expires_at__lte=timezone.now()).delete()
    return count


def _send_all(actor: Actor, inviting: Sender, batch: InvitationBatch, records: Sequence[Mapping[str, Any]]) -> None:
    """The same as ``create`` for each, by a handful of statements for a thousand: ``states.advance_many`` is ``advance``."""
    catalogue = {str(application.pk): application for application in Application.objects.all()}
    chosen = [[catalogue[key] for key in record["applications"] if key in catalogue] for record in records]
    invitations = _insert(inviting, records)
    through = Invitation.applications.through
    through.objects.bulk_create(
        [
            through(invitation_id=invitation.pk, application_id=application.pk)
            for invitation, applications in zip(invitations, chosen, strict=True)
            for application in applications
        ],
        batch_size=SIZE,
    )
    now = timezone.now()
    states.advance_many(
        invitations,
        "send",
        actor=actor,
        data=lambda invitation: {"email": invitation.email, "file": str(batch.pk)},
        sent_at=now,
    )
    links = tokens.issue_many(
        letters.LINK, [invitation.pk for invitation in invitations], lifetime=invitations[0].expires_at - now
    )
    expires = in_words(invitations[0].expires_at)
    outbox.post_many(
        letters.letter(
            letters.INVITATION,
            invitation,
            links[invitation.pk],
            applications=[application.name for application in applications],
            expires=expires,
        )
        for invitation, applications in zip(invitations, chosen, strict=True)
    )


def _insert(inviting: Sender, records: Sequence[Mapping[str, Any]]) -> list[Invitation]:
    expires_at = new_expiry()
    try:
        with obstacles.one_at_a_time():
            return Invitation.objects.bulk_create(
                [
                    Invitation(
                        organization=inviting.organization,
                        invited_by=inviting.member,
                        expires_at=expires_at,
                        **{name: record[name] for name in FIELDS},
                    )
                    for record in records
                ],
                batch_size=SIZE,
            )
    except Invalid as refusal:
        raise Conflict(
            "Somebody of your organisation invited one of these companies at the same moment. Nothing was sent: press again "
            "to see which."
        ) from refusal


def _refuse_obstacles(organization_id: UUID | None, records: Sequence[Mapping[str, Any]]) -> None:
    found = obstacles.of_addresses(organization_id, [record["email"] for record in records])
    faults = [
        Fault(record["row"], LABELS["email"], found[record["email"]], record["email"])
        for record in records
        if record["email"] in found
    ]
    if faults:
        raise FaultyRows(sorted(faults, key=lambda fault: fault.row))
