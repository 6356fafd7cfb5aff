"""Delivery: from Send until the package is in its recipients' hands.

A package is delivered only when every file is verified in storage. Whoever finishes last delivers it: each stored file takes
the package's row first, so that two files finishing at once see each other.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core import states
from core.actor import Actor
from core.errors import Invalid
from sft import queries
from sft.models import Package, PackageState
from sft.services import drafts, mails, recipients
from transfers.models import UploadState
from transfers.queries import of_subject

GATEWAY = Actor.system("delivery")
ON_THE_WAY = (PackageState.UPLOADING, PackageState.PROCESSING)


@transaction.atomic
def send(actor: Actor, *, package: Package) -> Package:
    """Send a draft; it becomes a fixed snapshot. The bytes may still be on their way: it is delivered once they are stored.

    Raises ``Invalid`` with a sentence for each of ``title``, ``recipient`` and ``files`` that is missing or does not hold,
    and ``Conflict`` when it has been sent already.
    """
    draft = drafts.editable(actor, package)
    _check(actor, draft)
    files, people = draft.files.count(), draft.recipients.count()
    states.advance(draft, "send", actor=actor, sent_at=timezone.now(), data={"files": files, "recipients": people})
    settle(draft)
    return draft


def settle(package: Package) -> None:
    """Move a sent package as far as its files have come. The caller holds its row."""
    if package.state not in ON_THE_WAY:
        return
    unstored, failed = queries.files_left(package)
    if failed:
        first = package.files.exclude(failure="").first()
        _fail(package, f"“{first}” did not arrive: {first.failure}" if first else "A file did not arrive.")
        return
    if package.state == PackageState.UPLOADING and _has_every_byte(package):
        states.advance(package, "process", actor=GATEWAY, uploaded_at=timezone.now())
    if package.state == PackageState.PROCESSING and not unstored:
        _deliver(package)


def _deliver(package: Package) -> None:
    now = timezone.now()
    states.advance(package, "deliver", actor=GATEWAY, delivered_at=now)
    files = list(package.files.all())
    for recipient in queries.recipients_of(package):
        states.advance(recipient, "notify", actor=GATEWAY, notified_at=now)
        mails.package_received(package, recipient, files=files)


def _fail(package: Package, reason: str) -> None:
    states.advance(package, "fail", actor=GATEWAY, reason=reason, failure=reason[:300])
    mails.package_failed(package)


def _has_every_byte(package: Package) -> bool:
    return not of_subject(package.pk).filter(state=UploadState.RECEIVING).exists()


def _check(actor: Actor, draft: Package) -> None:
    wrong: dict[str, str] = {}
    if not draft.title:
        wrong["title"] = "Give the package a title: recipients see it first."
    try:
        recipients.check_all(actor, draft)
    except Invalid as refusal:
        wrong |= refusal.fields
    broken = draft.files.exclude(failure="").first()
    if broken is not None:
        wrong["files"] = f"“{broken}” did not arrive. Remove it, or add the file again."
    elif (held := queries.held_file(draft)) is not None:
        wrong["files"] = (
            f"The malware scanner objects to “{held}”. Remove it, or wait until the operator’s staff have decided about it."
        )
    elif not draft.files.exists():
        wrong["files"] = "Add at least one file."
    if wrong:
        raise Invalid("This package is not ready to be sent yet.", fields=wrong)
