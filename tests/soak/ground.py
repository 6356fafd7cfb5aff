"""What is looked at when the fire is over: rows, the store and the staging folder, from outside."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mag_portal.local.object_store import ObjectStore
from tests.stack import Stack

# The sweeps as the beat runs them, with nothing spared for being young: what they leave is left over.
SWEEP = """
import json
from datetime import timedelta
from django.conf import settings
from transfers.models import Part, Piece, Upload
from transfers.services import cleaning, sweeping
cleaning.ORPHAN_AFTER = cleaning.STRAY_AFTER = timedelta(0)
sweeping.sweep()
orphans, strays = cleaning.remove_orphans(), cleaning.remove_stray_multiparts()
print(json.dumps({
    "states": {state: Upload.objects.filter(state=state).count() for state in ("pushing", "verifying")},
    "uncleaned": Upload.objects.filter(state__in=("aborted", "expired", "failed"), cleaned_at=None).count(),
    "staged": Part.objects.filter(state="staged").count(),
    "pieces": Piece.objects.count(),
    "keys": sorted(Upload.objects.filter(state="stored").values_list("storage_key", flat=True)),
    "staging": str(settings.STAGING_DIR),
    "orphans": orphans,
    "strays": strays,
}))
"""


@dataclass(frozen=True)
class Ground:
    """What lies where. ``files`` are those in the staging folder, ``objects`` and ``multiparts`` those at the store."""

    rows: dict[str, Any]
    files: list[str]
    objects: list[str]
    multiparts: int

    @property
    def left_over(self) -> list[str]:
        """What should not be there, in words."""
        wrong = [f"{count} uploads {state}" for state, count in self.rows["states"].items() if count]
        wrong += [f"{self.rows[name]} {name}" for name in ("staged", "pieces", "uncleaned") if self.rows[name]]
        if self.files:
            wrong.append(f"{len(self.files)} file(s) in staging: {self.files[:3]}")
        if self.multiparts:
            wrong.append(f"{self.multiparts} multipart upload(s) at the store")
        if self.objects != self.rows["keys"]:
            lost = sorted(set(self.rows["keys"]) - set(self.objects))
            extra = sorted(set(self.objects) - set(self.rows["keys"]))
            wrong.append(f"objects: {len(lost)} lost, {len(extra)} too many: {(lost + extra)[:3]}")
        return wrong


def looked(stack: Stack, access: ObjectStore, *, within: float) -> Ground:
    """The ground once it is clean, or as it is when it has not become clean in time."""
    deadline = time.monotonic() + within
    while True:
        ground = _look(stack, access)
        if not ground.left_over or time.monotonic() > deadline:
            return ground
        time.sleep(2)


def _look(stack: Stack, access: ObjectStore) -> Ground:
    rows = json.loads(stack.manage("shell", "--no-imports", "-c", SWEEP).splitlines()[-1])
    client = access.client()
    objects = [
        item["Key"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=access.bucket)
        for item in page.get("Contents", ())
    ]
    multiparts = client.list_multipart_uploads(Bucket=access.bucket).get("Uploads", [])
    folder = Path(rows["staging"])
    files = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    return Ground(rows, files, sorted(key for key in objects if not key.startswith(".")), len(multiparts))
