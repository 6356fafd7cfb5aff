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
def finish(actor: Actor, *, files: Sequence[PackageFile]) -> None:
    """Record that every byte of these files of one package was sent to the actor; the package is downloaded once all its
    files were.
    """
    package = files[0].package
    recipients = list(queries.addressed_to(package, actor).select_related("membership"))
    theirs = next((row.membership.organization_id for row in recipients), None)
    # A program acts for nobody in particular: its owner was sent the files as a member of the recipient's organisation.
    of_whom = actor.organization_id or theirs
    audit.record_many(actor, "sft.file.downloaded", ((file, _names(package, file), of_whom) for file in files))
    for row in recipients:
        _note(actor, open_package(actor, recipient=row), files)


def _note(actor: Actor, recipient: Recipient, files: Sequence[PackageFile]) -> None:
    FileDownload.objects.bulk_create(FileDownload(file=file, recipient=recipient, sha256=file.sha256) for file in files)
    left = recipient.package.files.exclude(downloads__recipient=recipient)
    if recipient.state == RecipientState.OPENED and not left.exists():
        states.advance(recipient, "download", actor=actor, downloaded_at=timezone.now())


def _locked(recipient: Recipient) -> Recipient:
    held = Recipient.objects.select_for_update(no_key=True, of=("self",)).select_related("package")
    return held.get(pk=recipient.pk)


def _names(package: Package, file: PackageFile) -> dict[str, str]:
    return {"package": str(package.pk), "name": file.name, "sha256": file.sha256}
