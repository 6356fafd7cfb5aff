"""What is looked at when the fire is over: rows, the store and the staging folders, from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mag_portal.local.object_store import ObjectStore
from tests.stack import Stack

# The sweeps as the beat runs them, with nothing spared for being young: what they leave is left over.
SWEEP = """
import json, os
from datetime import timedelta
from django.conf import settings
from transfers.models import Part, Piece, Upload
from transfers.services import cleaning, pieces, sweeping
cleaning.ORPHAN_AFTER = cleaning.STRAY_AFTER = pieces.STRAY_AFTER = timedelta(0)
sweeping.sweep()
for settings.NODE_NAME, settings.STAGING_DIR in json.loads(os.environ["SOAK_NODES"]).items():
    cleaning.remove_orphans()
cleaning.remove_stray_multiparts()
cleaning.remove_stray_objects()
print(json.dumps({
    "states": {state: Upload.objects.filter(state=state).count() for state in ("pushing", "verifying")},
    "uncleaned": Upload.objects.filter(state__in=("aborted", "expired", "failed"), cleaned_at=None).count(),
    "staged": Part.objects.filter(state="staged").count(),
    "pieces": Piece.objects.count(),
    "objects": dict(Upload.objects.filter(state="stored").values_list("storage_key", "size")),
    # Begun by a request whose answer was lost and never sent to: these run out after a week.
    "unused": list(Upload.objects.filter(state="receiving", parts=None).values_list("name", flat=True)),
    "unfinished": list(Upload.objects.filter(state="receiving").exclude(parts=None).values_list("name", flat=True)),
}))
"""


@dataclass(frozen=True)
class Ground:
    """What lies where. ``files`` are those in the staging folders, ``objects`` (key and size) and ``multiparts`` those at
    the store.
    """

    rows: dict[str, Any]
    files: list[str]
    objects: dict[str, int]
    multiparts: int

    @property
    def left_over(self) -> list[str]:
        """What should not be there, in words."""
        wrong = [f"{count} uploads {state}" for state, count in self.rows["states"].items() if count]
        wrong += [f"{self.rows[name]} {name}" for name in ("staged", "pieces", "uncleaned") if self.rows[name]]
        wrong += [f"{name} is unfinished" for name in self.rows["unfinished"]]
        if self.files:
            wrong.append(f"{len(self.files)} file(s) in staging: {self.files[:3]}")
        if self.multiparts:
            wrong.append(f"{self.multiparts} multipart upload(s) at the store")
        if self.objects != self.rows["objects"]:
            lost = sorted(set(self.rows["objects"].items()) - set(self.objects.items()))
            extra = sorted(set(self.objects.items()) - set(self.rows["objects"].items()))
            wrong.append(f"objects: {len(lost)} lost, {len(extra)} too many: {(lost + extra)[:3]}")
        return wrong


def looked(stack: Stack, access: ObjectStore, *, staging: Mapping[str, Path], within: float) -> Ground:
    """The ground once it is clean, or as it is when it has not become clean in time. ``staging`` is by name of the node."""
    deadline = time.monotonic() + within
    while True:
        ground = _look(stack, access, staging)
        if not ground.left_over or time.monotonic() > deadline:
            return ground
        time.sleep(2)


def _look(stack: Stack, access: ObjectStore, staging: Mapping[str, Path]) -> Ground:
    nodes = json.dumps({name: str(folder) for name, folder in staging.items()})
    printed = stack.manage("shell", "--no-imports", "-c", SWEEP, SOAK_NODES=nodes)
    rows = json.loads(printed.splitlines()[-1])
    client = access.client()
    objects = {
        item["Key"]: item["Size"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=access.bucket)
        for item in page.get("Contents", ())
        if not item["Key"].startswith(".")
    }
    multiparts = client.list_multipart_uploads(Bucket=access.bucket).get("Uploads", [])
    files = sorted(path.name for folder in staging.values() if folder.exists() for path in folder.iterdir())
    return Ground(rows, files, objects, len(multiparts))
