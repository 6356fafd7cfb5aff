"""Where files lie in the object store, as the operator chose: side by side, below a prefix or in a bucket of one's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import LazySettings

from core.actor import Actor
from tests.sft.uploading import add_upload, some_bytes, store_for_real
from tests.sft.world import World, acting, draft
from tests.transfers.sending import content_in_store
from transfers import queries
from transfers.models import Upload
from transfers.services import cleaning, uploads
from transfers.storage import NoSuchObject, store


def loose(actor: Actor) -> Upload:
    return uploads.create(actor, subject=None, name="spar.step", size=1)


def test_all_files_lie_side_by_side_by_default(world: World) -> None:
    upload = add_upload(world, draft(world))
    assert (upload.bucket, upload.storage_key) == ("", f"uploads/{upload.id}")


def test_a_prefix_names_the_sender_s_organisation(world: World, settings: LazySettings) -> None:
    settings.S3_PLACEMENT = "prefix"
    for upload in (add_upload(world, draft(world)), loose(acting(world.sender))):
        assert upload.bucket == ""
        assert upload.storage_key == f"organizations/{world.aurora.id}/uploads/{upload.id}"


def test_a_program_s_file_is_its_owner_s_organisation_s(world: World, settings: LazySettings) -> None:
    """An access token names no membership."""
    settings.S3_PLACEMENT = "prefix"
    program = replace(acting(world.sender), organization_id=None, membership_id=None)
    assert loose(program).storage_key.startswith(f"organizations/{world.aurora.id}/")


def test_a_bucket_of_ones_own_is_made_for_the_first_file(world: World, settings: LazySettings) -> None:
    package, content = draft(world), some_bytes()
    shared = Upload.objects.get(pk=store_for_real(world, package, content, name="before.step").upload_id)
    settings.S3_PLACEMENT = "bucket"
    own = Upload.objects.get(pk=store_for_real(world, package, content, name="after.step").upload_id)
    assert own.bucket == f"{settings.S3_BUCKET}-{world.aurora.id.hex[:16]}"
    with pytest.raises(NoSuchObject):
        store().size(own.storage_key)
    assert queries.buckets_in_use() == [settings.S3_BUCKET, own.bucket]
    settings.S3_PLACEMENT = "shared"
    assert content_in_store(shared) == content_in_store(own) == content


def test_what_nobody_names_is_swept_out_of_every_bucket(
    world: World, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.S3_PLACEMENT = "bucket"
    bucket = add_upload(world, draft(world)).bucket
    store(bucket).begin("uploads/stray")
    monkeypatch.setattr(cleaning, "STRAY_AFTER", -cleaning.STRAY_AFTER)
    assert cleaning.remove_stray_multiparts() >= 1
    assert list(store(bucket).open_multiparts()) == []
