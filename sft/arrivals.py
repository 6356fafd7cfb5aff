"""How far the bytes of a package's files have come: uploaded, stored, verified are three different words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import models

from sft.models import Package, PackageFile
from transfers.models import Upload, UploadState
from transfers.queries import of_subject, progress


class Arrival(models.TextChoices):
    """The words of the uploader, for files as the server knows them."""

    UPLOADING = "uploading", "Uploading"
    UPLOADED = "uploaded", "Uploaded"
    STORED = "stored", "Stored"
    VERIFIED = "verified", "Verified"
    FAILED = "failed", "Failed"


_FROM_UPLOAD: dict[str, Arrival] = {
    UploadState.RECEIVING: Arrival.UPLOADING,
    UploadState.PUSHING: Arrival.UPLOADED,
    UploadState.VERIFYING: Arrival.STORED,
    UploadState.STORED: Arrival.VERIFIED,
}
TONES: dict[Arrival, str] = {
    Arrival.UPLOADING: "warning",
    Arrival.UPLOADED: "info",
    Arrival.STORED: "info",
    Arrival.VERIFIED: "success",
    Arrival.FAILED: "danger",
}


@dataclass(frozen=True, slots=True)
class FileArrival:
    """A file of a package and how far it is; ``acknowledged`` bytes are on the gateway's disks for sure."""

    file: PackageFile
    arrival: Arrival
    acknowledged: int
    last_modified: int | None

    @property
    def label(self) -> str:
        return str(self.arrival.label)

    @property
    def tone(self) -> str:
        return TONES[self.arrival]

    @property
    def is_unfinished(self) -> bool:
        """Whether bytes are missing that only the sender has."""
        return self.arrival is Arrival.UPLOADING

    @property
    def percent(self) -> int:
        if self.arrival is not Arrival.UPLOADING:
            return 100
        return int(100 * self.acknowledged / self.file.size) if self.file.size else 0


def of_package(package: Package) -> list[FileArrival]:
    """The package's files in the order they are shown, in three queries whatever their number."""
    uploads = {upload.pk: upload for upload in of_subject(package.pk)}
    return _rows(package.files.all(), uploads)


def _rows(files: Iterable[PackageFile], uploads: dict[UUID, Upload]) -> list[FileArrival]:
    shown = list(files)
    receiving = [key for key, upload in uploads.items() if upload.state == UploadState.RECEIVING]
    known = progress(receiving) if receiving else {}
    rows = []
    for file in shown:
        upload = uploads.get(file.upload_id)
        done = known[file.upload_id].bytes if file.upload_id in known else file.size or 0
        rows.append(
            FileArrival(file, _arrival(file, upload), done, upload.last_modified if upload is not None else None)
        )
    return rows


def _arrival(file: PackageFile, upload: Upload | None) -> Arrival:
    if file.stored_at is not None:
        return Arrival.VERIFIED
    if file.failure or upload is None:
        return Arrival.FAILED
    return _FROM_UPLOAD.get(upload.state, Arrival.FAILED)
