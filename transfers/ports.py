"""What the byte engine asks and tells the floors above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from core.actor import Actor
from core.policies import Decision
from core.ports import Port
from transfers.models import Upload


class UploadPolicy(Protocol):
    def may_upload(
        self, actor: Actor, *, subject: UUID | None, name: str, size: int, upload: Upload | None
    ) -> Decision:
        """Whether ``actor`` may add a file of ``size`` bytes to ``subject``, quotas included. Asked at creation (``upload``
        is ``None``) and again at completion and when a program comes back for a token.

        Without a ``subject`` the file is the actor's alone for a while, to be put to some use later. Where the size is not
        known yet, ``size`` is what is held for it: the most a plain form can bring, nothing for a tus upload of deferred
        length.
        Called in the transaction that creates or completes, so that a lock it takes keeps two uploads from one last place.
        """


class DownloadPolicy(Protocol):
    def may_fetch(self, actor: Actor, *, upload: Upload) -> Decision:
        """Whether ``actor`` may have the bytes of an upload that is not their own. Its owner is not asked about.

        A refusal tells its reason to somebody who knows of the file. Raises ``NotFound`` for everybody else.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the object store a file is put: a bucket (empty: the one of the settings) and what its key begins with."""

    bucket: str = ""
    prefix: str = ""


class StoragePlacement(Protocol):
    def place_for(self, actor: Actor, *, subject: UUID | None) -> Place:
        """Where the upload that ``actor`` begins for ``subject`` is kept."""


class TransferListener(Protocol):
    """Told of an upload's fate inside the transaction that decides it; an exception undoes both.

    Never told of partial uploads of a concatenation. Uploads without a subject are told of, too.
    """

    def created(self, upload: Upload) -> None:
        """The upload exists and receives parts. ``upload.size`` is ``None`` for a file out of a plain form."""

    def completed(self, upload: Upload) -> None:
        """The gateway has every byte and was asked to put the file together; its sender may go. Storing it follows."""

    def stored(self, upload: Upload) -> None:
        """Every byte is in the store, read back and equal to what was sent; ``size`` and ``sha256`` are final."""

    def quarantined(self, upload: Upload) -> None:
        """The malware scanner found ``upload.scan_finding``. It is kept from everybody until staff release or condemn it:
        ``stored`` or ``failed`` follows.
        """

    def fetched(self, uploads: Sequence[Upload], *, actor: Actor) -> None:
        """Every byte of each of these stored uploads has been sent to ``actor``, in one go or in several."""

    def failed(self, upload: Upload, reason: str) -> None:
        """The upload ended without its file (failed or expired); ``reason`` is a sentence for people."""

    def removed(self, upload: Upload) -> None:
        """Somebody removed the upload; its bytes are being deleted."""


upload_policy: Port[UploadPolicy] = Port("transfers.upload_policy")
download_policy: Port[DownloadPolicy] = Port("transfers.download_policy")
storage_placement: Port[StoragePlacement] = Port("transfers.storage_placement")
transfer_listener: Port[TransferListener] = Port("transfers.transfer_listener")
