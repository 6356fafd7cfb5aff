"""Reading what nginx wrote of downloads: each line once, whole lines only, whatever else stands there."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from django.conf import LazySettings

from core.actor import Actor
from tests.transfers.conftest import Listener
from tests.transfers.sending import new_upload, store_all
from transfers.models import AwaitedReceipt, FetchedSpan, ReceiptLog, Upload
from transfers.services import receipt_logs, receipts
from transfers.services.receipts import Stretch

CONTENT = bytes(1000)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return store_all(actor, new_upload(actor, CONTENT), CONTENT)


@pytest.fixture
def log(settings: LazySettings, tmp_path: Path) -> Path:
    settings.RECEIPTS_DIR = str(tmp_path)
    return tmp_path / "2026-11-22T18.log"


def awaited(actor: Actor, upload: Upload) -> AwaitedReceipt:
    return receipts.expect(actor, [Stretch(upload.pk, offset=0, start=0, length=len(CONTENT))])


def line(receipt: object, *, sent: int = len(CONTENT), completion: str = "OK") -> str:
    return json.dumps({"receipt": str(receipt), "sent": sent, "completion": completion}) + "\n"


def told(listener: Listener) -> int:
    return [name for name, _ in listener.told].count("fetched")


def test_a_line_counts_once_however_often_the_log_is_read(
    actor: Actor, upload: Upload, log: Path, listener: Listener
) -> None:
    first, second = awaited(actor, upload), awaited(actor, upload)
    log.write_text(line(first.pk))
    assert (receipt_logs.read(), receipt_logs.read(), told(listener)) == (1, 0, 1)
    with log.open("a") as file:
        file.write(line(second.pk) + line(second.pk) + line(first.pk))
    assert (receipt_logs.read(), told(listener)) == (1, 2)
    ReceiptLog.objects.all().delete()
    assert (receipt_logs.read(), told(listener)) == (0, 2)


def test_a_line_is_read_once_it_is_whole(actor: Actor, upload: Upload, log: Path, listener: Listener) -> None:
    text = line(awaited(actor, upload).pk)
    log.write_text(text[:40])
    assert receipt_logs.read() == 0
    log.write_text(text)
    assert (receipt_logs.read(), told(listener)) == (1, 1)


@pytest.mark.parametrize(
    "nonsense", ["", "{", "[]", '"x"', '{"receipt": "x", "sent": 1, "completion": "OK"}', "\x00\xff"]
)
def test_what_is_no_receipt_stops_nothing(
    actor: Actor, upload: Upload, log: Path, listener: Listener, nonsense: str
) -> None:
    log.write_text(f"{nonsense}\n{line(awaited(actor, upload).pk)}")
    assert (receipt_logs.read(), told(listener)) == (1, 1)


def test_a_broken_answer_is_never_the_whole(actor: Actor, upload: Upload, log: Path, listener: Listener) -> None:
    """nginx may have handed over all of it, and the line be broken all the same."""
    log.write_text(line(awaited(actor, upload).pk, completion=""))
    assert (receipt_logs.read(), told(listener)) == (1, 0)
    assert not FetchedSpan.objects.filter(is_sure=True).exists()


def test_a_file_goes_when_its_hour_is_long_over(actor: Actor, upload: Upload, log: Path) -> None:
    log.write_text(line(awaited(actor, upload).pk))
    for age, is_there in ((receipt_logs.DONE_AFTER_SECONDS - 60, True), (receipt_logs.DONE_AFTER_SECONDS + 60, False)):
        os.utime(log, (time.time() - age, time.time() - age))
        receipt_logs.read()
        assert (log.exists(), ReceiptLog.objects.exists()) == (is_there, is_there)


def test_without_a_folder_nothing_is_read(settings: LazySettings, db: None) -> None:
    settings.RECEIPTS_DIR = ""
    assert receipt_logs.read() == 0
