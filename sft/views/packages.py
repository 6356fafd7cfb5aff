"""The page of one package, for its sender and its recipients, and the way to its files."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core.http import Request
from sft import access, arrivals, policies, queries
from sft.models import PackageState
from sft.services import downloads
from sft.views.documents import package_document
from sft.views.guards import workspace
from sft.views.timeline import timeline_of
from transfers.downloads.files import file_response
from transfers.models import Upload


@require_safe
@workspace
def package(request: Request, pk: UUID) -> HttpResponseBase:
    seen = access.package(request.actor, pk)
    if seen.package.state == PackageState.DRAFT:
        return redirect("sft:package-draft", pk=pk)
    if seen.recipient is not None:
        seen = access.SeenPackage(seen.package, downloads.open_package(request.actor, recipient=seen.recipient))
    return _page(request, seen)


def _page(request: Request, seen: access.SeenPackage) -> HttpResponse:
    recipients = list(queries.recipients_of(seen.package)) if seen.is_sender else []
    files = arrivals.of_package(seen.package)
    on_the_way = seen.is_sender and seen.package.state in {PackageState.UPLOADING, PackageState.PROCESSING}
    unfinished = [row for row in files if row.is_unfinished] if on_the_way else []
    fetched = queries.downloaded_files(seen.recipient) if seen.recipient else set()
    rows = [
        (row, policies.can_download(seen.package, seen.recipient, row.file), row.file.pk in fetched)
        for row in files
        if not (on_the_way and row.is_unfinished)
    ]
    context = {
        "package": seen.package,
        "seen": seen,
        "rows": rows,
        "recipients": recipients,
        "total_size": sum(row.file.size or 0 for row in files),
        "file_count": len(files),
        "unfinished": unfinished,
        "timeline": timeline_of(seen, recipients),
        "on_the_way": on_the_way,
        "can_take_many": len(rows) > 1 and len(rows) == len(files) and all(decision for _, decision, _ in rows),
        "common_scan": arrivals.common_scan([row for row, _, _ in rows]),
        "held": [row for row in files if row.is_held] if on_the_way else [],
    }
    return render(request, "sft/package.html", context)


@require_safe
@workspace
def package_status(request: Request, pk: UUID) -> HttpResponse:
    """How far the sender's package is."""
    return package_document(access.own_package(request.actor, pk))


@require_safe
@workspace
def file_download(request: Request, package_id: UUID, pk: UUID) -> HttpResponseBase:
    wanted = access.file(request.actor, package_id, pk)
    if request.method == "HEAD":
        downloads.require_allowed(seen=wanted.seen, files=[wanted.file])
    else:
        downloads.begin(request.actor, wanted=wanted)
    upload = Upload.objects.get(pk=wanted.file.upload_id)
    return file_response(request, upload, actor=request.actor, filename=wanted.file.name)
