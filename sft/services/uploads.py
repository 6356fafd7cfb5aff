"""What the byte engine asks this room and tells it: the files of packages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from django.db import transaction

import orgs.queries
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.policies import Decision, refused
from orgs.catalogue import SFT
from sft import policies, queries
from sft.models import Package, PackageFile, PackageState
from sft.services import delivery, downloads, drafts, launches, mails, quotas
from transfers.models import Upload
from transfers.services import quarantine

GONE = "This package is no longer there. Start a new one and add the file again."


class PackageUploadPolicy:
    """A file may come for a draft of one's own, for a sent package of one's own until all its bytes are there, and for
    nothing in particular from whoever Secure File Transfer is open to.
    """

    def may_upload(
        self,
        actor: Actor,
        *,
        subject: UUID | None,
        name: str,  # noqa: ARG002 - the port tells it; names decide nothing here
        size: int,
        upload: Upload | None,
    ) -> Decision:
        if subject is None:
            return _for_oneself(actor, size=size, upload=upload)
        package = Package.objects.select_related("sender__user").filter(pk=subject).first()
        if package is None:
            return refused(GONE)
        sender = package.sender
        standing = queries.standing_of(organization_id=sender.organization_id, membership_id=sender.pk, code=SFT)
        launches.require_strength(actor, standing)
        decision = policies.can_upload(
            actor,
            package,
            may_open=policies.can_open(standing.subscription, standing.grant),
            sender_is_active=orgs.queries.active_members().filter(pk=sender.pk).exists(),
        )
        return decision and quotas.room_for(sender, standing.subscription, size=size, upload=upload)


class PackageFiles:
    """Keeps the files of packages in step with their uploads. Always called with the upload's row held."""

    @transaction.atomic
    def created(self, upload: Upload) -> None:
        """Raises ``Conflict`` when the package has been sent meanwhile: a sent package is a fixed snapshot."""
        if upload.subject is None:
            return
        package = _package(upload)
        if package is None or package.state != PackageState.DRAFT:
            raise Conflict(
                GONE if package is None else "This package has been sent. Make a new one for what is missing."
            )
        if package.files.count() >= policies.FILES_PER_PACKAGE:
            raise Invalid(
                f"A package can hold {policies.FILES_PER_PACKAGE:,} files at most. Pack the rest into an archive."
            )
        PackageFile.objects.create(
            package=package, upload_id=upload.pk, path=upload.path, name=upload.name, size=upload.size
        )

    @transaction.atomic
    def completed(self, upload: Upload) -> None:
        package = _package(upload)
        if package is None:
            return
        package.files.filter(upload_id=upload.pk).update(size=upload.size)
        delivery.settle(package)

    @transaction.atomic
    def stored(self, upload: Upload) -> None:
        package = _package(upload)
        if quarantine.was_released(upload):
            mails.file_released(upload, package)
        if package is None:
            return
        package.files.filter(upload_id=upload.pk).update(
            size=upload.size, sha256=upload.sha256, stored_at=upload.stored_at, failure=""
        )
        delivery.settle(package)

    def quarantined(self, upload: Upload) -> None:
        """The package waits for the decision of the operator's staff, and its sender is told so."""
        mails.file_quarantined(upload, _package(upload))

    def fetched(self, uploads: Sequence[Upload], *, actor: Actor) -> None:
        fetched = PackageFile.objects.filter(upload_id__in=[upload.pk for upload in uploads])
        ordered = fetched.select_related("package").order_by("package_id", "pk")
        for _, files in groupby(ordered, key=lambda file: file.package_id):
            downloads.finish(actor, files=list(files))

    @transaction.atomic
    def failed(self, upload: Upload, reason: str) -> None:
        package = _package(upload)
        if quarantine.is_condemned(upload) and (package is None or package.state == PackageState.DRAFT):
            # Of a package that was sent the sender is told that it fails, and why.
            mails.file_condemned(upload, package)
        if package is None:
            return
        package.files.filter(upload_id=upload.pk).update(failure=reason[:300])
        delivery.settle(package)

    @transaction.atomic
    def removed(self, upload: Upload) -> None:
        """Raises ``Conflict`` for a file of a package that is being sent or was: its recipients count on it."""
        package = _package(upload)
        if package is None:
            return
        if package.state != PackageState.DRAFT:
            raise Conflict("This file belongs to a package that has been sent, so it cannot be removed.")
        package.files.filter(upload_id=upload.pk).delete()


def _for_oneself(actor: Actor, *, size: int, upload: Upload | None) -> Decision:
    member = queries.with_open_workspace(orgs.queries.active_members().filter(user=actor.user_id)).first()
    if member is None:
        return refused("Secure File Transfer is not open to you. Home says who acts next.")
    standing = queries.standing_of(organization_id=member.organization_id, membership_id=member.pk, code=SFT)
    launches.require_strength(actor, standing)
    return quotas.room_for(member, standing.subscription, size=size, upload=upload)


def _package(upload: Upload) -> Package | None:
    return drafts.locked(Package(pk=upload.subject)) if upload.subject else None
