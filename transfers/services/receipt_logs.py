"""What nginx tells of downloads: lines of JSON in a file for each hour, read to where they were read before.

A line counts once: it names an awaited receipt, which goes with it. A line that was never written, because nginx died or its
disk was full, leaves a download without its receipt, never one with a wrong one.
"""

from __future__ import annotations

import json
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction

from transfers.models import ReceiptLog
from transfers.services import receipts

logger = logging.getLogger(__name__)

# What nginx had handed over of a broken answer may still have lain in its buffers and its kernel's.
NOT_SURE_OF = 64 * 1024**2
BATCH = 1024**2
# An hour's file grows no more once the hour is over; nginx may be a while behind.
DONE_AFTER_SECONDS = 2 * 3600


def read() -> int:
    """Read what has been added to the logs; returns how many receipts it brought. Files that are done with are deleted."""
    if not settings.RECEIPTS_DIR:
        return 0
    return sum(_read_log(path) for path in sorted(Path(settings.RECEIPTS_DIR).glob("*.log")))


def _read_log(path: Path) -> int:
    count = 0
    # Another worker may have been done with it first.
    with suppress(FileNotFoundError):
        with path.open("rb") as log:
            while (found := _read_batch(path, log.fileno())) is not None:
                count += found
        _delete_when_done(path)
    return count


def _read_batch(path: Path, descriptor: int) -> int | None:
    """The next whole lines, and how far they went, in one transaction; ``None`` at the end."""
    with transaction.atomic():
        ReceiptLog.objects.get_or_create(name=path.name)
        row = ReceiptLog.objects.select_for_update().get(name=path.name)
        content = os.pread(descriptor, BATCH, row.offset)
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            return None
        count = sum(_take(line) for line in whole.splitlines())
        row.offset += len(whole)
        row.save(update_fields=["offset"])
    return count


def _take(line: bytes) -> bool:
    try:
        told = json.loads(line)
        receipt_id, sent, is_whole = UUID(told["receipt"]), int(told["sent"]), told["completion"] == "OK"
    except (ValueError, KeyError, TypeError):
        logger.warning("A line of nginx's receipts cannot be read: %r", line[:200])
        return False
    try:
        with transaction.atomic():
            certain = sent if is_whole else max(0, sent - NOT_SURE_OF)
            return receipts.arrived(receipt_id, certain=certain, handed=sent)
    except OperationalError:
        # The database's trouble: the whole batch is read again.
        raise
    except Exception:
        logger.exception("Receipt %s was lost.", receipt_id)
        return False


def _delete_when_done(path: Path) -> None:
    if time.time() - path.stat().st_mtime > DONE_AFTER_SECONDS:
        path.unlink(missing_ok=True)
        ReceiptLog.objects.filter(name=path.name).delete()
