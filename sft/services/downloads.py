"""What recipients do with a package, as its sender sees it: opened, fetched whole."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from core import audit, states
from core.actor import Actor
from sft import policies, queries
from sft.access import SeenFile, SeenPackage
from sft.models import FileDownload, Package, PackageFile, Recipient, RecipientState


@transaction.atomic
def open_package(actor: Actor, *, recipient: Recipient) -> Recipient:
    """A recipient looks at the package. Looking again changes nothing."""
    row = _locked(recipient)
    if row.state == RecipientState.NOTIFIED:
        states.advance(row, "open", actor=actor, opened_at=timezone.now())
    return row


def require_allowed(*, seen: SeenPackage, files: Sequence[PackageFile]) -> None:
    """Raise ``NotAllowed`` unless whoever sees the package may be sent each of its ``files``."""
    for file in files:
        policies.can_download(seen.package, seen.recipient, file).enforce()


@transaction.atomic
def begin(actor: Actor, *, wanted: SeenFile) -> None:
    """Record that bytes of a file are about to be sent to the actor. Raises ``NotAllowed`` when they may not be."""
    seen = wanted.seen
    require_allowed(seen=seen, files=[wanted.file])
    audit.record(actor, "sft.file.download", wanted.file, data=_names(seen.package, wanted.file))
    if seen.recipient is not None:
        open_package(actor, recipient=seen.recipient)


@transaction.atomic
def begin_many(actor: Actor, *, seen: SeenPackage, files: Sequence[PackageFile]) -> None:
    """``begin`` for several files of one package that leave together: all of them, or none."""
    require_allowed(seen=seen, files=files)
    audit.record(actor, "sft.package.fetch", seen.package, data={"files": len(files)})
    if seen.recipient is not None:
        open_package(actor, recipient=seen.recipient)


@transaction.atomic
def finish(actor: Actor, *, file: PackageFile) -> None:
    """Record that every byte of a file was sent to the actor; a package is downloaded once all its files were."""
    recipients = list(queries.addressed_to(file.package, actor).select_related("membership"))
    theirs = next((row.membership.organization_id for row in recipients), None)
    # A program acts for nobody in particular: its owner was sent the file as a member of the recipient's organisation.
    of_whom = actor.organization_id or theirs
    audit.record(actor, "sft.file.downloaded", file, data=_names(file.package, file), organization_id=of_whom)
    for row in recipients:
        _note(actor, open_package(actor, recipient=row), file)


def _note(actor: Actor, recipient: Recipient, file: PackageFile) -> None:
    FileDownload.objects.create(file=file, recipient=recipient, sha256=file.sha256)
    left = recipient.package.files.exclude(downloads__recipient=recipient)
    if recipient.state == RecipientState.OPENED and not left.exists():
        states.advance(recipient, "download", actor=actor, downloaded_at=timezone.now())


def _locked(recipient: Recipient) -> Recipient:
    held = Recipient.objects.select_for_update(no_key=True, of=("self",)).select_related("package")
    return held.get(pk=recipient.pk)


def _names(package: Package, file: PackageFile) -> dict[str, str]:
    return {"package": str(package.pk), "name": file.name, "sha256": file.sha256}
