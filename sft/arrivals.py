"""How far the bytes of a package's files have come: uploaded, stored, verified are three different words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import models

from sft.models import Package, PackageFile
from transfers.models import Scan, Upload, UploadState
from transfers.queries import of_subject, progress


class Arrival(models.TextChoices):
    """The words of the uploader, for files as the server knows them."""

    UPLOADING = "uploading", "Uploading"
    UPLOADED = "uploaded", "Uploaded"
    STORED = "stored", "Stored"
    SCANNING = "scanning", "Waiting for the malware scanner"
    QUARANTINED = "quarantined", "Held in quarantine"
    VERIFIED = "verified", "Verified"
    FAILED = "failed", "Failed"


_FROM_UPLOAD: dict[str, Arrival] = {
    UploadState.RECEIVING: Arrival.UPLOADING,
    UploadState.PUSHING: Arrival.UPLOADED,
    UploadState.VERIFYING: Arrival.STORED,
    UploadState.QUARANTINED: Arrival.QUARANTINED,
    UploadState.STORED: Arrival.VERIFIED,
}
# What the malware scanner said of a file that can be fetched; none of it goes without saying.
SCANS: dict[str, str] = {
    Scan.CLEAN: "Malware scan: nothing found",
    Scan.NO_SCANNER: "Not scanned: this gateway has no malware scanner",
    Scan.TOO_LARGE: "Not scanned: larger than the malware scanner takes",
    Scan.FOUND: "The malware scanner objected; the operator’s staff released it",
}
TONES: dict[Arrival, str] = {
    Arrival.UPLOADING: "warning",
    Arrival.UPLOADED: "info",
    Arrival.STORED: "info",
    Arrival.SCANNING: "warning",
    Arrival.QUARANTINED: "danger",
    Arrival.VERIFIED: "success",
    Arrival.FAILED: "danger",
}


@dataclass(frozen=True, slots=True)
class FileArrival:
    """A file of a package and how far it is; ``acknowledged`` bytes are on the gateway's disks for sure.

    ``detail`` says why it does not go on; ``scan`` what the malware scanner said of it, once it can be fetched.
    """

    file: PackageFile
    arrival: Arrival
    acknowledged: int
    last_modified: int | None
    detail: str = ""
    scan: str = ""

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
    def is_held(self) -> bool:
        """Whether it is kept from everybody, and its package with it."""
        return self.arrival is Arrival.QUARANTINED

    @property
    def percent(self) -> int:
        if self.arrival is not Arrival.UPLOADING:
            return 100
        return int(100 * self.acknowledged / self.file.size) if self.file.size else 0


def of_package(package: Package) -> list[FileArrival]:
    """The package's files in the order they are shown, in three queries whatever their number."""
    uploads = {upload.pk: upload for upload in of_subject(package.pk)}
    return _rows(package.files.all(), uploads)


def common_scan(rows: Sequence[FileArrival]) -> str:
    """What the malware scanner said of each of several files; empty where it said different things, or of one file only."""
    said = {row.scan for row in rows}
    return said.pop() if len(rows) > 1 and len(said) == 1 else ""


def _rows(files: Iterable[PackageFile], uploads: dict[UUID, Upload]) -> list[FileArrival]:
    shown = list(files)
    receiving = [key for key, upload in uploads.items() if upload.state == UploadState.RECEIVING]
    known = progress(receiving) if receiving else {}
    rows = []
    for file in shown:
        upload = uploads.get(file.upload_id)
        done = known[file.upload_id].bytes if file.upload_id in known else file.size or 0
        rows.append(_row(file, upload, done))
    return rows


def _row(file: PackageFile, upload: Upload | None, done: int) -> FileArrival:
    arrival = _arrival(file, upload)
    if upload is None:
        return FileArrival(file, arrival, done, None, file.failure)
    detail = upload.reason if arrival is Arrival.QUARANTINED else file.failure
    scan = SCANS.get(upload.scan, "") if arrival is Arrival.VERIFIED else ""
    return FileArrival(file, arrival, done, upload.last_modified, detail, scan)


def _arrival(file: PackageFile, upload: Upload | None) -> Arrival:
    if file.stored_at is not None:
        return Arrival.VERIFIED
    if file.failure or upload is None:
        return Arrival.FAILED
    if upload.state == UploadState.VERIFYING and upload.scan == Scan.WAITING:
        return Arrival.SCANNING
    return _FROM_UPLOAD.get(upload.state, Arrival.FAILED)
