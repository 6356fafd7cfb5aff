"""Drafts: a package on its way to being sent. Everything typed is kept from the first word."""

from __future__ import annotations

import unicodedata

from django.db import transaction
from django.db.models import QuerySet

from core import audit
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed
from sft import policies
from sft.models import Package, PackageFile, PackageState
from transfers.models import Upload
from transfers.queries import of_subject
from transfers.services import uploads

LONGEST_TITLE = 200
LONGEST_NOTE = 4000


@transaction.atomic
def start(actor: Actor, *, title: str = "", note: str = "") -> Package:
    """A new draft of the actor's. Raises ``Invalid`` for a title or note that is too long."""
    if actor.membership_id is None or actor.organization_id is None:
        raise NotAllowed("Packages are sent by members of an organisation.")
    package = Package.objects.create(
        organization_id=actor.organization_id,
        sender_id=actor.membership_id,
        title=clean_title(title),
        note=clean_note(note),
    )
    audit.record(actor, "sft.package.start", package)
    return package


@transaction.atomic
def save(actor: Actor, *, package: Package, title: str | None = None, note: str | None = None) -> Package:
    """Keep title and note of a draft; what is not given stays.

    Raises ``Invalid`` for what is too long, ``Conflict`` when it has been sent.
    """
    draft = editable(actor, package)
    draft.title = draft.title if title is None else clean_title(title)
    draft.note = draft.note if note is None else clean_note(note)
    draft.save(update_fields=["title", "note"])
    return draft


def remove_file(actor: Actor, *, file: PackageFile) -> None:
    """Take a file out of a draft; its bytes are deleted. Raises ``Conflict`` when the package has been sent."""
    with transaction.atomic():
        _remove_uploads(actor, Upload.objects.filter(pk=file.upload_id))
        editable(actor, file.package)
        PackageFile.objects.filter(pk=file.pk).delete()


def discard(actor: Actor, *, package: Package) -> None:
    """Delete a draft with all its files. Raises ``Conflict`` when it has been sent."""
    with transaction.atomic():
        _remove_uploads(actor, of_subject(package.pk))
        draft = editable(actor, package)
        audit.record(actor, "sft.package.discard", draft, data={"files": draft.files.count()})
        draft.delete()


def editable(actor: Actor, package: Package) -> Package:
    """The draft as it is now, held until the transaction ends, so that Send sees each change whole or not at all.

    Raises ``Conflict`` when it has been sent or discarded, ``NotAllowed`` for anybody but its sender.
    """
    draft = locked(package)
    if draft is None:
        raise Conflict("This draft has been discarded.")
    decision = policies.can_edit(actor, draft)
    if not decision and draft.state != PackageState.DRAFT:
        raise Conflict(decision.reason)
    decision.enforce()
    return draft


def locked(package: Package) -> Package | None:
    """The package's row, held until the transaction ends; nothing when it has gone."""
    held = Package.objects.select_for_update(no_key=True, of=("self",))
    return held.select_related("sender__user", "organization").filter(pk=package.pk).first()


def clean_title(text: str) -> str:
    title = " ".join(_printable(text).split())
    if len(title) > LONGEST_TITLE:
        raise Invalid(fields={"title": f"Keep the title under {LONGEST_TITLE} characters; the note has room for more."})
    return title


def clean_note(text: str) -> str:
    note = _printable(text.replace("\r\n", "\n")).strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(fields={"note": f"Keep the note under {LONGEST_NOTE:,} characters, or send it as a file."})
    return note


def _remove_uploads(actor: Actor, chosen: QuerySet[Upload]) -> None:
    """Uploads before the package, always: the byte engine holds an upload's row when it tells us of it."""
    for upload in chosen.select_for_update(no_key=True).order_by("pk"):
        uploads.remove(actor, upload=upload)


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) != "Cc")
