"""What is asked of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from transfers.models import Node, Part, PartState, Upload, UploadState

LIVE = (UploadState.RECEIVING, UploadState.PUSHING)
# Ten minutes of sweeps every 15 seconds without a sign of life.
NODE_LOST_AFTER = 40


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an upload the gateway has acknowledged."""

    parts: int
    bytes: int


def of_subject(subject: UUID) -> QuerySet[Upload]:
    """The uploads made for one thing, in the order of their names."""
    return Upload.objects.filter(subject=subject).order_by("path", "name", "id")


def progress(upload_ids: Iterable[UUID]) -> dict[UUID, Progress]:
    """For each of these uploads what is acknowledged and not lost, in one query."""
    wanted = list(upload_ids)
    present = Part.objects.filter(upload__in=wanted).exclude(state=PartState.MISSING)
    rows = present.order_by().values_list("upload").annotate(Count("id"), Sum("size"))
    found = {upload_id: Progress(parts, size) for upload_id, parts, size in rows}
    return {upload_id: found.get(upload_id, Progress(0, 0)) for upload_id in wanted}


def missing_numbers(upload: Upload) -> Sequence[int]:
    """The parts that are still to be sent before the upload is whole."""
    present = set(upload.parts.exclude(state=PartState.MISSING).values_list("number", flat=True))
    return [number for number in range(1, (upload.part_count or 0) + 1) if number not in present]


def staged_bytes(node: str) -> int:
    """How much of the node's staging folder acknowledged parts take."""
    total = Part.objects.filter(node=node, state=PartState.STAGED).aggregate(total=Sum("size"))["total"]
    return int(total or 0)


def is_lost(node: str) -> bool:
    """Whether the node's push worker has been silent for so long that parts must not be left there."""
    return Node.objects.filter(name=node, unanswered__gte=NODE_LOST_AFTER).exists()


def node_names() -> set[str]:
    """Every node on whose disk acknowledged parts lie."""
    return set(Part.objects.filter(state=PartState.STAGED).values_list("node", flat=True).distinct())


def ready_to_assemble() -> QuerySet[Upload]:
    """Uploads whose sender asked to complete and of which every part is in the store."""
    elsewhere = Part.objects.filter(upload=OuterRef("pk")).exclude(state=PartState.PUSHED)
    return Upload.objects.filter(~Exists(elsewhere), state=UploadState.PUSHING)


def unclaimed(claim_lifetime: timedelta) -> Q:
    """No worker holds the row, or one that has not been heard of for ``claim_lifetime``."""
    return Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - claim_lifetime)
