"""What the byte engine asks and tells the floors above."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from core.actor import Actor
from core.policies import Decision
from core.ports import Port
from transfers.models import Upload


class UploadPolicy(Protocol):
    def may_upload(self, actor: Actor, *, subject: UUID, name: str, size: int) -> Decision:
        """Whether ``actor`` may add a file of ``size`` bytes to ``subject``. Asked at creation and again at completion.

        At the creation of a file out of a plain form its size is not known yet: ``size`` is then the most it can have.
        """


class TransferListener(Protocol):
    """Told of an upload's fate inside the transaction that decides it; an exception undoes both."""

    def created(self, upload: Upload) -> None:
        """The upload exists and receives parts. ``upload.size`` is ``None`` for a file out of a plain form."""

    def completed(self, upload: Upload) -> None:
        """The gateway has every byte and was asked to put the file together; its sender may go. Storing it follows."""

    def stored(self, upload: Upload) -> None:
        """Every byte is in the store, read back and equal to what was sent; ``size`` and ``sha256`` are final."""

    def failed(self, upload: Upload, reason: str) -> None:
        """The upload ended without its file (failed or expired); ``reason`` is a sentence for people."""

    def removed(self, upload: Upload) -> None:
        """Somebody removed the upload; its bytes are being deleted."""


upload_policy: Port[UploadPolicy] = Port("transfers.upload_policy")
transfer_listener: Port[TransferListener] = Port("transfers.transfer_listener")
