"""Maintenance parks uploads: nothing new is received, what has arrived goes on, and nobody loses time by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from core.actor import Actor
from core.errors import NotAllowed
from core.models import AuditEvent
from tests.transfers.conftest import PART
from tests.transfers.sending import content_in_store, new_upload, push_all, random_bytes, send, send_all
from transfers.errors import Parked
from transfers.models import Maintenance, Upload
from transfers.services import finishing, maintenance, sweeping, uploads
from transfers.services.receiving import RangeWriter

CONTENT = random_bytes(PART + 3)
OPERATOR = Actor.system("test")


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


@pytest.fixture(autouse=True)
def _forgotten_afterwards() -> Iterator[None]:
    yield
    maintenance.forget()


def test_nothing_is_begun_or_received_until_it_ends(actor: Actor, upload: Upload) -> None:
    maintenance.begin(OPERATOR, message="We are moving house.", until=timezone.now() + timedelta(minutes=2))
    with pytest.raises(Parked, match="moving house") as refusal:
        send(actor, upload, CONTENT, 1)
    assert (refusal.value.status, refusal.value.error_code) == (503, "maintenance")
    assert 100 <= int(refusal.value.headers["Retry-After"]) <= 120
    with pytest.raises(Parked):
        new_upload(actor, CONTENT)
    maintenance.end(OPERATOR)
    assert send(actor, upload, CONTENT, 1).is_new
    assert new_upload(actor, CONTENT).size == len(CONTENT)


def test_a_part_that_is_on_its_way_is_still_acknowledged(actor: Actor, upload: Upload) -> None:
    with RangeWriter(actor, upload=upload, number=2) as writer:
        maintenance.begin(OPERATOR)
        writer.write(CONTENT[PART:])
        assert writer.enter().is_new


def test_what_has_arrived_goes_on_into_the_store(actor: Actor, upload: Upload) -> None:
    send_all(actor, upload, CONTENT)
    maintenance.begin(OPERATOR)
    uploads.complete(actor, upload=upload)
    push_all(upload)
    assert finishing.finish_upload(upload.id) is not None
    assert content_in_store(upload) == CONTENT


def test_a_parked_upload_loses_no_time(actor: Actor, upload: Upload) -> None:
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        maintenance.begin(OPERATOR)
        clock.move_to(upload.expires_at + timedelta(days=1))
        assert sweeping.expire_overdue() == 0
        assert maintenance.end(OPERATOR) == upload.expires_at + timedelta(days=1) - began
        assert sweeping.expire_overdue() == 0
        later = Upload.objects.get(pk=upload.pk).expires_at
        assert later - timezone.now() == upload.expires_at - began
        clock.move_to(later + timedelta(seconds=1))
        assert sweeping.expire_overdue() == 1


def test_beginning_again_changes_what_is_said_and_ending_again_nothing(actor: Actor) -> None:
    first = maintenance.begin(OPERATOR)
    again = maintenance.begin(OPERATOR, message="A little longer.")
    assert (again.since, Maintenance.objects.get().message) == (first.since, "A little longer.")
    maintenance.end(OPERATOR)
    assert maintenance.end(OPERATOR) == timedelta()
    actions = AuditEvent.objects.filter(action__startswith="transfers.maintenance").order_by("at")
    assert [event.action.rpartition(".")[2] for event in actions] == ["begin", "begin", "end"]


def test_only_staff_and_commands_park_uploads(actor: Actor) -> None:
    for refused in (lambda: maintenance.begin(actor), lambda: maintenance.end(actor)):
        with pytest.raises(NotAllowed):
            refused()
    assert not maintenance.is_on()


def test_other_processes_see_it_within_two_seconds(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not maintenance.is_on()
    Maintenance.objects.create()
    assert not maintenance.is_on()
    monkeypatch.setattr(maintenance, "BELIEVED_SECONDS", 0.0)
    maintenance._seen.until -= 2.0
    assert maintenance.is_on()


@pytest.mark.django_db
def test_the_command_parks_and_lets_go() -> None:
    said = StringIO()
    call_command("maintenance", "on", "--message=Back at noon.", "--minutes=30", stdout=said)
    assert Maintenance.objects.get().message == "Back at noon."
    call_command("maintenance", stdout=said)
    call_command("maintenance", "off", stdout=said)
    assert not Maintenance.objects.exists()
    assert [line.split(" ")[1] for line in said.getvalue().splitlines()] == ["have", "have", "are"]
