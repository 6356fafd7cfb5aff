"""Files of packages in tests: as rows that the byte engine told of, or with real bytes through the engine itself."""

from __future__ import annotations

import hashlib
import os

from django.utils import timezone

from sft.models import Package, PackageFile
from tests.sft.world import World, acting
from tests.transfers import sending
from transfers.models import Upload, UploadState
from transfers.ports import transfer_listener
from transfers.services import uploads


def add_upload(world: World, package: Package, *, name: str = "spar.step", size: int = 1000, path: str = "") -> Upload:
    """An upload for a file of the draft, of which no byte has come yet."""
    return uploads.create(acting(world.sender), subject=package.pk, name=name, size=size, path=path)


def arrive(upload: Upload) -> Upload:
    """Its sender has sent every byte; the gateway stores and verifies them."""
    now = timezone.now()
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.PUSHING, completed_at=now, due_at=now)
    return Upload.objects.get(pk=upload.pk)


def tell_stored(upload: Upload) -> Upload:
    """Its bytes are verified in the store, and the room is told as the engine tells it."""
    now = timezone.now()
    digest = hashlib.sha256(upload.name.encode()).hexdigest()
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.STORED, completed_at=now, stored_at=now, sha256=digest)
    stored = Upload.objects.get(pk=upload.pk)
    transfer_listener().stored(stored)
    return stored


def store_for_real(world: World, package: Package, content: bytes, *, name: str = "spar.step") -> PackageFile:
    """Real bytes through parts, staging, S3 and read-back."""
    actor = acting(world.sender)
    upload = uploads.create(actor, subject=package.pk, name=name, size=len(content))
    sending.store_all(actor, upload, content)
    return PackageFile.objects.get(upload_id=upload.pk)


def some_bytes(size: int = 100_000) -> bytes:
    return os.urandom(size)
