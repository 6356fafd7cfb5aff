"""What the operator's staff see of the engine, and the switch that parks uploads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.actor import Actor
from core.models import AuditEvent
from tests.transfers.clamd import FakeScanner
from tests.transfers.sending import new_upload, random_bytes, send_all
from transfers import engine
from transfers.models import Maintenance, Node, Scan, Upload, UploadState
from transfers.queries import NODE_LOST_AFTER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clerk")]
OVERVIEW, SWITCH = "/admin/transfers/node/engine/", "/admin/transfers/maintenance/"
CONTENT = random_bytes(1000)


def seen(client: Client, address: str = OVERVIEW) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_nodes_it_says_what_to_start(client: Client) -> None:
    assert "No node has shown itself yet" in seen(client)


def test_a_node_is_shown_with_what_lies_on_its_disk(client: Client, actor: Actor) -> None:
    send_all(actor, new_upload(actor, CONTENT), CONTENT)
    Node.objects.create(name="here")
    Node.objects.create(name="there", unanswered=NODE_LOST_AFTER)
    here, there = engine.nodes()
    assert (here.staged, here.is_lost, there.staged, there.is_lost) == (1000, False, 0, True)
    page = seen(client)
    assert "1 kB" in page
    assert "Silent" in page


def test_the_backlog_counts_what_is_not_stored_yet(actor: Actor) -> None:
    send_all(actor, new_upload(actor, CONTENT), CONTENT)
    long_ago = timezone.now() - timedelta(hours=3)
    for state, scan in (("pushing", ""), ("verifying", ""), ("verifying", Scan.WAITING), ("quarantined", Scan.FOUND)):
        upload = new_upload(actor, CONTENT)
        Upload.objects.filter(pk=upload.pk).update(state=state, scan=scan, completed_at=long_ago)
    found = engine.backlog()
    assert (found.parts, found.bytes) == (1, 1000)
    assert (found.assembling, found.verifying, found.held, found.quarantined) == (1, 1, 1, 1)
    assert found.oldest == long_ago


def test_the_scanner_is_asked_and_never_silent(client: Client, settings: LazySettings) -> None:
    assert "No malware scanner is set up" in seen(client)
    fake = FakeScanner()
    settings.CLAMD_URL, fake.pong = fake.url, b"ClamAV 1.4.6/27000\0"
    assert "ClamAV 1.4.6/27000" in seen(client)
    fake.close()
    assert "The malware scanner does not answer" in seen(client)


def test_files_that_wait_for_it_are_counted_on_the_desk(client: Client, actor: Actor) -> None:
    upload = new_upload(actor, CONTENT)
    Upload.objects.filter(pk=upload.pk).update(
        state=UploadState.VERIFYING, scan=Scan.WAITING, completed_at=timezone.now()
    )
    assert "Files that wait for the malware scanner" in seen(client, "/admin/")


@pytest.mark.parametrize(
    ("control", "wmem", "expected"), [("bbr", "4096 262144 33554432", True), ("cubic", "4096 16384 4194304", False)]
)
def test_it_says_how_the_machine_sends(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, control: str, wmem: str, expected: bool
) -> None:
    said = {"ipv4/tcp_congestion_control": control, "ipv4/tcp_wmem": wmem}
    monkeypatch.setattr(engine, "_read", lambda name: said.get(name, ""))
    facts = engine.kernel()
    assert (facts.has_bbr, facts.has_large_buffers) == (expected, expected)


def test_a_machine_that_does_not_say_is_no_error(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(engine, "_read", lambda _: "")
    assert "bbr is off" in seen(client)


def test_staff_park_uploads_and_let_them_go_on(client: Client, clerk: User) -> None:
    assert client.post(SWITCH, {"message": ""}).status_code == 422
    past = {"message": "New disks.", "until": "2020-01-01 10:00"}
    assert "This has passed already" in client.post(SWITCH, past).content.decode()
    assert not Maintenance.objects.exists()

    assert client.post(SWITCH, {"message": "New disks.", "until": "2096-01-01 10:00"}).status_code == 302
    assert Maintenance.objects.get().begun_by == clerk
    assert "New disks." in seen(client, SWITCH)
    assert "Uploads are parked since" in seen(client)
    assert "Maintenance: uploads are parked" in seen(client, "/admin/")

    assert client.post(f"{SWITCH}end/").status_code == 302
    assert not Maintenance.objects.exists()
    assert client.post(f"{SWITCH}end/").status_code == 302
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"transfers.maintenance.begin", "transfers.maintenance.end"} <= actions


def test_the_probe_for_strangers_stays_without_details(client: Client) -> None:
    client.logout()
    assert client.get("/readyz").json() == {"status": "ok"}
    assert client.get(OVERVIEW).status_code == 302
