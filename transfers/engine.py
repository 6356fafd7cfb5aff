"""How the byte engine stands at this moment, for the operator's staff: nodes, backlog, scanner, how the machine sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum

from core import wakeups
from transfers import queries, scanner
from transfers.models import Concat, Node, Part, PartState, Piece, Scan, Upload, UploadState
from transfers.scanner import ScannerAway

SHARED_QUEUES = ("transfers", "housekeeping", "mail")
KERNEL = Path("/proc/sys/net")
# A window of this size keeps 1 Gbit/s going over 250 ms.
ENOUGH_WMEM = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """A staging folder; sizes in bytes. ``is_lost``: it takes no parts, those on it are asked for again."""

    name: str
    staged: int
    quota: int
    seen_at: datetime
    is_lost: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has been acknowledged and is not stored yet; ``oldest`` is when the longest wait began."""

    parts: int
    bytes: int
    pieces: int
    assembling: int
    verifying: int
    held: int
    quarantined: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class ScannerFacts:
    """``state`` and ``words`` for people; ``tone`` as in ``core.templatetags.tones``."""

    state: str
    words: str
    tone: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """How this machine sends, as the kernel says it; empty where it does not."""

    congestion_control: str
    available: str
    queueing: str
    wmem: str

    @property
    def has_bbr(self) -> bool:
        return self.congestion_control == "bbr"

    @property
    def has_large_buffers(self) -> bool:
        largest = self.wmem.split()[-1:] or ["0"]
        return int(largest[0]) >= ENOUGH_WMEM


def nodes() -> list[NodeFacts]:
    """Every node that has ever shown itself, in three questions to the database and one to the broker for each."""
    parts = dict(_staged().values_list("node").annotate(Sum("size")))
    pieces = dict(Piece.objects.exclude(node="").order_by().values_list("node").annotate(Sum("size")))
    return [
        NodeFacts(
            name=node.name,
            staged=parts.get(node.name, 0) + pieces.get(node.name, 0),
            quota=settings.STAGING_QUOTA_BYTES,
            seen_at=node.seen_at,
            is_lost=node.unanswered >= queries.NODE_LOST_AFTER,
            waiting=wakeups.waiting(f"push.{node.name}"),
        )
        for node in Node.objects.all()
    ]


def backlog() -> Backlog:
    """In three questions to the database."""
    staged = _staged().aggregate(count=Count("pk"), size=Sum("size"), oldest=Min("staged_at"))
    under_way = Upload.objects.filter(state__in=(UploadState.PUSHING, UploadState.VERIFYING))
    found = under_way.exclude(concat=Concat.PARTIAL).aggregate(
        assembling=Count("pk", filter=Q(state=UploadState.PUSHING)),
        verifying=Count("pk", filter=Q(state=UploadState.VERIFYING) & ~Q(scan=Scan.WAITING)),
        held=Count("pk", filter=Q(state=UploadState.VERIFYING, scan=Scan.WAITING)),
        oldest=Min("completed_at"),
    )
    since = [moment for moment in (staged["oldest"], found["oldest"]) if moment is not None]
    return Backlog(
        parts=staged["count"],
        bytes=staged["size"] or 0,
        pieces=Piece.objects.count(),
        assembling=found["assembling"],
        verifying=found["verifying"],
        held=found["held"],
        quarantined=Upload.objects.filter(state=UploadState.QUARANTINED).count(),
        oldest=min(since, default=None),
    )


def queues() -> Sequence[tuple[str, int]]:
    """How many messages wait in each queue that is not one node's."""
    return [(name, wakeups.waiting(name)) for name in SHARED_QUEUES]


def scanner_facts() -> ScannerFacts:
    """Asked now: at most a few seconds' wait where it does not answer."""
    if not settings.CLAMD_URL:
        return ScannerFacts("Off", "No malware scanner is set up: files are stored unseen, and say so.", "warning")
    try:
        version = scanner.ask("VERSION")
    except ScannerAway:
        words = "The malware scanner does not answer. Files wait for it, and go on by themselves."
        return ScannerFacts("Silent", words, "danger")
    return ScannerFacts("Answers", "Every file is shown to it before anybody can fetch it.", "success", version)


def kernel() -> KernelFacts:
    """Of the machine that answers this request; downloads leave from where the pages pool runs, or from nginx's machine."""
    return KernelFacts(
        congestion_control=_read("ipv4/tcp_congestion_control"),
        available=_read("ipv4/tcp_available_congestion_control"),
        queueing=_read("core/default_qdisc"),
        wmem=_read("ipv4/tcp_wmem"),
    )


def _staged() -> QuerySet[Part]:
    return Part.objects.filter(state=PartState.STAGED).order_by()


def _read(name: str) -> str:
    try:
        return " ".join((KERNEL / name).read_text().split())
    except OSError:
        return ""
