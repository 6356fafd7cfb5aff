"""What passes does not end an upload: a full folder, maintenance, another writer, a policy that says no for now."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from sft.models.access import AccessGrant, AccessGrantState
from tests.sft.world import PEN
from tests.transfers.tus.conftest import Gateway
from tests.transfers.tus.speaking import TUS, Speaker, answered, upload_at
from transfers.models import Node, Piece, Upload, UploadState
from transfers.services import maintenance

SMALL = b"twelve bytes"


def test_h4_a_passing_state_is_never_a_refusal(tus: Speaker, gateway: Gateway) -> None:
    """Clients forget an upload whose HEAD says 4xx: a full staging folder is not its end."""
    path = tus.create(len(SMALL))
    Node.objects.create(name="here", unanswered=1000)
    try:
        time.sleep(1.1)  # That there is room is believed for a second.
        refused = tus.patch(path, 0, SMALL)
        assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "staging_full", "5")
        assert (tus.head(path).status, tus.head(path).offset) == (200, 0)
    finally:
        Node.objects.filter(name="here").delete()
    assert tus.patch(path, 0, SMALL).status == 204


def test_h4_maintenance_parks_an_upload_and_does_not_end_it(tus: Speaker) -> None:
    path = tus.create(len(SMALL))
    maintenance.begin(PEN, message="Back at noon.")
    try:
        time.sleep(maintenance.BELIEVED_SECONDS + 0.2)
        upload = Upload.objects.filter(tus__key=path.removeprefix(TUS))
        upload.update(expires_at=timezone.now())
        for refused in (tus.patch(path, 0, SMALL), tus.ask("POST", Upload_Length=1)):
            assert (refused.status, refused.code) == (503, "maintenance")
            assert int(refused.headers["Retry-After"]) > 0
        assert (tus.head(path).status, tus.head(path).offset) == (200, 0)
    finally:
        maintenance.end(PEN)
    upload.update(expires_at=timezone.now() + timedelta(hours=1))
    time.sleep(maintenance.BELIEVED_SECONDS + 0.2)
    assert tus.patch(path, 0, SMALL).status == 204


def test_bytes_of_a_refused_writer_are_never_entered(tus: Speaker) -> None:
    """A holder that is passed over finds that the upload is not its own any more."""
    path = tus.create(len(SMALL))
    upload = upload_at(path)
    line = tus.begin(path, 0, SMALL[:5], length=len(SMALL))
    time.sleep(0.3)
    Upload.objects.filter(pk=upload.pk).update(writer=upload.pk)
    line.sendall(SMALL[5:])
    assert answered(line).status == 423
    line.close()
    assert not Piece.objects.filter(upload=upload).exists()


def test_an_upload_that_the_policy_refuses_when_it_is_whole_waits_for_its_yes(tus: Speaker, gateway: Gateway) -> None:
    """The bytes stay, HEAD says neither that it is done nor that it is gone, and asking again completes it."""
    sender = gateway.world.sender
    path = tus.create(len(SMALL))
    tus.patch(path, 0, SMALL[:5])
    grant = AccessGrant.objects.filter(membership=sender)
    grant.update(state=AccessGrantState.SUSPENDED, refusal_reason="test")
    refused = tus.patch(path, 5, SMALL[5:])
    assert (refused.status, refused.code, refused.offset) == (403, "not_allowed", len(SMALL))
    waiting = tus.head(path)
    assert (waiting.status, waiting.headers["Upload-Offset"]) == (423, None)
    assert tus.patch(path, len(SMALL)).status == 403
    grant.update(state=AccessGrantState.ACTIVE, refusal_reason="")
    assert tus.patch(path, len(SMALL)).status == 204
    assert upload_at(path).state == UploadState.PUSHING
