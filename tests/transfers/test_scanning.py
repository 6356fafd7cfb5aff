"""The malware scanner sees every file once, on the way of its only reading; where it cannot be asked, files wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from zlib import crc32

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from core.actor import Actor
from tests.transfers import clamd
from tests.transfers.clamd import EICAR, FINDING, STREAM_LIMIT, FakeScanner
from tests.transfers.conftest import PART, Listener
from tests.transfers.sending import new_upload, push_all, random_bytes, send_all, sha256
from transfers import scanner
from transfers.models import Scan, Upload, UploadState
from transfers.services import finishing, sweeping, uploads
from transfers.storage import store

SMALL = b"Nothing to see here."


@pytest.fixture
def fake(settings: LazySettings) -> Iterator[FakeScanner]:
    made = FakeScanner()
    settings.CLAMD_URL = made.url
    settings.CLAMD_TIMEOUT_SECONDS = 1
    yield made
    made.close()


@pytest.fixture(scope="module")
def real_url() -> Iterator[str]:
    if clamd.program() is None:
        pytest.skip("clamd is not installed: apt-get install clamav-daemon")
    with clamd.running() as url:
        yield url


@pytest.fixture
def real(real_url: str, settings: LazySettings) -> None:
    settings.CLAMD_URL = real_url


def arrived(actor: Actor, content: bytes) -> Upload:
    """Every part is in the store, and its sender has asked to complete."""
    upload = new_upload(actor, content)
    send_all(actor, upload, content)
    push_all(upload)
    return uploads.complete(actor, upload=upload)


def finished(actor: Actor, content: bytes) -> Upload:
    upload = arrived(actor, content)
    finishing.finish_upload(upload.id)
    return Upload.objects.get(pk=upload.pk)


def told(upload: Upload) -> tuple[str, str, str]:
    return upload.state, upload.scan, upload.scan_finding


# --- What it says -------------------------------------------------------------------------------------------------
def test_without_a_scanner_that_is_said(actor: Actor) -> None:
    assert told(finished(actor, SMALL)) == (UploadState.STORED, Scan.NO_SCANNER, "")


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("content", [b"", SMALL, random_bytes(100_000)])
def test_a_harmless_file_is_stored(actor: Actor, content: bytes) -> None:
    assert told(finished(actor, content)) == (UploadState.STORED, Scan.CLEAN, "")


@pytest.mark.usefixtures("real")
def test_malware_goes_into_quarantine(actor: Actor, listener: Listener) -> None:
    upload = finished(actor, EICAR)
    assert told(upload) == (UploadState.QUARANTINED, Scan.FOUND, FINDING)
    assert FINDING in upload.reason
    assert (upload.sha256, upload.crc32) == (sha256(EICAR), crc32(EICAR))
    assert listener.told[-1] == ("quarantined", upload.id)
    assert finishing.finish_upload(upload.id) is None


@pytest.mark.usefixtures("real")
def test_what_the_real_one_does_not_take_is_too_large_and_read_to_its_end(actor: Actor) -> None:
    content = random_bytes(STREAM_LIMIT + 3_000_000)
    upload = finished(actor, content)
    assert told(upload) == (UploadState.STORED, Scan.TOO_LARGE, "")
    assert (upload.sha256, upload.crc32) == (sha256(content), crc32(content))


def test_it_is_shown_every_byte_of_every_part(actor: Actor, fake: FakeScanner) -> None:
    content = random_bytes(PART + 7)
    assert told(finished(actor, content)) == (UploadState.STORED, Scan.CLEAN, "")
    assert sha256(fake.seen) == sha256(content)


def test_a_file_it_looked_at_in_part_only_was_too_large(actor: Actor, fake: FakeScanner) -> None:
    fake.answer = lambda _: b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0"
    upload = finished(actor, SMALL)
    assert (upload.state, upload.scan) == (UploadState.STORED, Scan.TOO_LARGE)


def test_its_limit_may_come_in_the_middle(actor: Actor, fake: FakeScanner) -> None:
    fake.limit = 2 * 1024**2
    content = random_bytes(PART)
    upload = finished(actor, content)
    assert (upload.state, upload.scan, upload.sha256) == (UploadState.STORED, Scan.TOO_LARGE, sha256(content))


@pytest.mark.parametrize("spare", [0, -1])
def test_files_beyond_our_own_limit_are_not_shown_to_it(
    actor: Actor, fake: FakeScanner, settings: LazySettings, spare: int
) -> None:
    settings.CLAMD_MAX_BYTES = len(SMALL) + spare
    upload = finished(actor, SMALL)
    assert upload.scan == (Scan.CLEAN if spare == 0 else Scan.TOO_LARGE)
    assert ("zINSTREAM" in fake.commands) == (spare == 0)


def test_too_large_files_can_be_held_for_staff(
    actor: Actor, fake: FakeScanner, settings: LazySettings, listener: Listener
) -> None:
    settings.CLAMD_MAX_BYTES, settings.SCAN_TOO_LARGE = 1, "hold"
    upload = finished(actor, SMALL)
    assert told(upload) == (UploadState.QUARANTINED, Scan.TOO_LARGE, "")
    assert listener.told[-1] == ("quarantined", upload.id)


# --- When it cannot be asked --------------------------------------------------------------------------------------
def away(fake: FakeScanner) -> None:
    fake.close()


def without_a_pong(fake: FakeScanner) -> None:
    fake.pong = b""


def breaking_off(fake: FakeScanner) -> None:
    fake.answer = lambda _: b""


def in_trouble(fake: FakeScanner) -> None:
    fake.answer = lambda _: b"stream: Can't allocate memory ERROR\0"


def too_slow(fake: FakeScanner) -> None:
    fake.reads = False


@pytest.mark.parametrize("trouble", [away, without_a_pong, breaking_off, in_trouble, too_slow])
def test_the_file_waits_and_goes_on_by_itself(
    actor: Actor, fake: FakeScanner, settings: LazySettings, trouble: Callable[[FakeScanner], None]
) -> None:
    trouble(fake)
    upload = finished(actor, SMALL)
    assert told(upload) == (UploadState.VERIFYING, Scan.WAITING, "")
    assert upload.claimed_at is None
    assert upload.due_at is not None
    assert upload.due_at > timezone.now()

    mended = FakeScanner()
    settings.CLAMD_URL = mended.url
    assert finishing.finish_upload(upload.id)
    assert told(Upload.objects.get()) == (UploadState.STORED, Scan.CLEAN, "")
    mended.close()


def test_the_waits_grow_and_nothing_is_read_meanwhile(
    actor: Actor, fake: FakeScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(fake)
    upload = arrived(actor, SMALL)
    monkeypatch.setattr(type(store()), "read", None)
    waits = []
    for _ in range(4):
        finishing.finish_upload(upload.id)
        held = Upload.objects.get()
        assert held.due_at is not None
        waits.append(held.due_at - timezone.now())
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]


def test_a_long_wait_counts_for_nothing_when_the_store_refuses_afterwards(actor: Actor, fake: FakeScanner) -> None:
    away(fake)
    upload = finished(actor, SMALL)
    Upload.objects.update(attempts=finishing.REFUSALS + 5)
    finishing.finish_upload(upload.id)
    assert Upload.objects.get().state == UploadState.VERIFYING


def test_the_sweep_wakes_what_waited_long_enough(actor: Actor, fake: FakeScanner) -> None:
    away(fake)
    finished(actor, SMALL)
    now = timezone.now()
    Upload.objects.update(due_at=now + timedelta(minutes=5))
    with time_machine.travel(now + timedelta(minutes=4), tick=False):
        assert sweeping.wake_finishes() == 0
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        assert sweeping.wake_finishes() == 1


def test_the_probe_asks_for_what_it_is(fake: FakeScanner) -> None:
    fake.pong = b"ClamAV 1.4.6/27000/Sun Nov 22 08:00:00 2026\0"
    assert scanner.ask("VERSION").startswith("ClamAV 1.4.6")
    assert fake.commands == ["zVERSION"]
