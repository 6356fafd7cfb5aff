"""What is asked of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BigIntegerField, Count, Exists, ExpressionWrapper, F, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from transfers.models import Concat, Node, Part, PartState, Piece, Upload, UploadState
from transfers.models.upload import ENDED

LIVE = (UploadState.RECEIVING, UploadState.PUSHING)
# Ten minutes of sweeps every 15 seconds without a sign of life.
NODE_LOST_AFTER = 40


class HasPlace(Protocol):
    """Bytes of a part: where they begin in it, and how many they are."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an upload the gateway has acknowledged."""

    parts: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How many bytes from the file's first on are acknowledged without a gap, and where the last acknowledged one ends."""

    contiguous: int
    furthest: int


@dataclass(frozen=True, slots=True)
class Range:
    """Acknowledged bytes ``[start, start + size)`` of part ``number``."""

    number: int
    start: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ToJoin:
    """Part ``number``, whose pieces lie on ``nodes``: one as a rule, none where all lie in the store."""

    upload_id: UUID
    number: int
    nodes: frozenset[str]


def of_subject(subject: UUID) -> QuerySet[Upload]:
    """The uploads made for one thing, in the order of their names."""
    return Upload.objects.filter(subject=subject).order_by("path", "name", "id")


def progress(upload_ids: Iterable[UUID]) -> dict[UUID, Progress]:
    """For each of these uploads what is acknowledged and not lost; ``parts`` counts those that are whole."""
    wanted = list(upload_ids)
    present = Part.objects.filter(upload__in=wanted).exclude(state__in=(PartState.MISSING, PartState.PROMISED))
    rows = present.order_by().values_list("upload").annotate(Count("id"), Sum("size"))
    found = {upload_id: (parts, size) for upload_id, parts, size in rows}
    rest = Piece.objects.filter(~Exists(_whole_part_of_piece()), upload__in=wanted).order_by().values_list("upload")
    in_pieces = dict(rest.annotate(Sum("size")))
    known = {upload_id: found.get(upload_id, (0, 0)) for upload_id in wanted}
    return {
        upload_id: Progress(parts, size + in_pieces.get(upload_id, 0)) for upload_id, (parts, size) in known.items()
    }


def missing_numbers(upload: Upload) -> Sequence[int]:
    """The parts that are still to be sent before the upload is whole."""
    # Pieces first, here and below: what is made whole meanwhile is seen twice rather than not at all.
    present = _covered(upload, _pieces_by_number(upload))
    present |= set(upload.parts.exclude(state=PartState.MISSING).values_list("number", flat=True))
    return [number for number in range(1, (upload.part_count or 0) + 1) if number not in present]


def ranges(upload: Upload) -> list[Range]:
    """What is there of parts that are not whole, in the order of the file."""
    rows = upload.pieces.filter(~Exists(_whole_part_of_piece())).order_by("number", "start")
    return [Range(*row) for row in rows.values_list("number", "start", "size", "sha256")]


def reach(upload: Upload) -> Reach:
    """How far the acknowledged bytes of an upload go."""
    by_number = _pieces_by_number(upload)
    present = upload.parts.filter(state__in=(PartState.STAGED, PartState.PUSHED))
    count, last = present.aggregate(count=Count("id"), last=Max("number")).values()
    covered = _covered(upload, by_number)
    numbers = covered if count == (last or 0) else covered | set(present.values_list("number", flat=True))
    number = 1 + (count if count == (last or 0) else 0)
    while number in numbers:
        number += 1
    done = (number - 1) * upload.part_size + _prefix(by_number.get(number, []))
    ends = [upload.part_size * (part - 1) + start + size for part in by_number for start, size in by_number[part]]
    furthest = max([(last or 0) * upload.part_size, *ends])
    end = furthest if upload.size is None else upload.size
    return Reach(contiguous=min(done, end), furthest=min(furthest, end))


def contiguous_bytes(upload: Upload) -> int:
    """How many bytes from the file's first on are acknowledged without a gap: the offset of tus."""
    return reach(upload).contiguous


def last_byte(upload: Upload) -> int:
    """How long the file is at least, by what was acknowledged of it."""
    parts = upload.parts.aggregate(most=Max((F("number") - 1) * upload.part_size + F("size")))["most"]
    pieces = upload.pieces.aggregate(most=Max((F("number") - 1) * upload.part_size + F("start") + F("size")))["most"]
    return max(int(parts or 0), int(pieces or 0))


def covers(pieces: Iterable[HasPlace], length: int) -> bool:
    """Whether pieces of one part leave none of its ``length`` bytes out."""
    return _prefix([(piece.start, piece.size) for piece in pieces]) >= length


def parts_to_join(*, before: datetime, most: int) -> list[ToJoin]:
    """Parts that their pieces cover, or that are whole without them, and of which no piece came after ``before``."""
    part_size = F("upload__part_size")
    whole = ExpressionWrapper(F("upload__size") - (F("number") - 1) * part_size, BigIntegerField())
    length = Min(Least(part_size, Coalesce(whole, part_size)), output_field=BigIntegerField())
    pieces = Piece.objects.exclude(upload__state__in=ENDED).annotate(is_whole=Exists(_whole_part_of_piece()))
    nodes = ArrayAgg("node", distinct=True)
    grouped = pieces.order_by().values("upload", "number", "is_whole")
    due = grouped.annotate(there=Sum("size"), length=length, nodes=nodes, latest=Max("staged_at")).filter(
        Q(is_whole=True) | Q(there__gte=F("length")), latest__lte=before
    )
    return [ToJoin(row["upload"], row["number"], frozenset(row["nodes"]) - {""}) for row in due[:most]]


def staged_bytes(node: str) -> int:
    """How much of the node's staging folder acknowledged bytes take."""
    parts = Part.objects.filter(node=node, state=PartState.STAGED).aggregate(total=Sum("size"))["total"]
    pieces = Piece.objects.filter(node=node).aggregate(total=Sum("size"))["total"]
    return int(parts or 0) + int(pieces or 0)


def unfinished_bytes(node: str, *, owner_id: UUID) -> int:
    """How much of the node's staging folder pieces of one person's uploads take."""
    theirs = Piece.objects.filter(node=node, upload__owner=owner_id)
    return int(theirs.aggregate(total=Sum("size"))["total"] or 0)


def is_lost(node: str) -> bool:
    """Whether the node's push worker has been silent for so long that parts must not be left there."""
    return Node.objects.filter(name=node, unanswered__gte=NODE_LOST_AFTER).exists()


def node_names() -> set[str]:
    """Every node on whose disk acknowledged bytes lie."""
    parts = Part.objects.filter(state=PartState.STAGED).values_list("node", flat=True).distinct()
    pieces = Piece.objects.exclude(node="").values_list("node", flat=True).distinct()
    return {*parts, *pieces}


def ready_to_assemble() -> QuerySet[Upload]:
    """Uploads whose sender asked to complete and of which every part is in the store, is said to be there (promised), or is
    made out of other uploads.
    """
    there = (PartState.PUSHED, PartState.PROMISED)
    elsewhere = Part.objects.filter(upload=OuterRef("pk")).exclude(state__in=there)
    # Of a final upload nobody sends what is missing: it is made once more.
    elsewhere = elsewhere.exclude(state=PartState.MISSING, upload__concat=Concat.FINAL)
    in_pieces = Piece.objects.filter(~Exists(_whole_part_of_piece()), upload=OuterRef("pk"))
    return Upload.objects.filter(~Exists(elsewhere), ~Exists(in_pieces), state=UploadState.PUSHING)


def buckets_in_use() -> list[str]:
    """The bucket of the settings and every other one that holds a file, by name."""
    others = Upload.objects.exclude(bucket="").values_list("bucket", flat=True).distinct().order_by("bucket")
    return [settings.S3_BUCKET, *(name for name in others if name != settings.S3_BUCKET)]


def unclaimed(claim_lifetime: timedelta) -> Q:
    """No worker holds the row, or one that has not been heard of for ``claim_lifetime``."""
    return Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - claim_lifetime)


def _whole_part_of_piece() -> QuerySet[Part]:
    same = Part.objects.filter(upload=OuterRef("upload"), number=OuterRef("number"))
    return same.exclude(state=PartState.MISSING)


def _pieces_by_number(upload: Upload) -> dict[int, list[tuple[int, int]]]:
    """Begin and length of each piece, by the number of its part."""
    found: dict[int, list[tuple[int, int]]] = {}
    for number, start, size in upload.pieces.values_list("number", "start", "size"):
        found.setdefault(number, []).append((start, size))
    return found


def _covered(upload: Upload, by_number: dict[int, list[tuple[int, int]]]) -> set[int]:
    """The parts that are there in pieces, without a gap."""
    return {number for number, pieces in by_number.items() if _prefix(pieces) >= upload.length_of(number)}


def _prefix(pieces: Iterable[tuple[int, int]]) -> int:
    """How far pieces of one part reach from its first byte on without a gap."""
    end = 0
    for start, size in sorted(pieces):
        if start > end:
            break
        end = max(end, start + size)
    return end
