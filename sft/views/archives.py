"""Several files of a package at once, as one archive."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.http import Request
from sft import access, selections
from sft.services import downloads
from sft.views.guards import workspace
from transfers.downloads.archives import zip_response
from transfers.models import Upload


@require_http_methods(["GET", "HEAD", "POST"])
@workspace
def package_zip(request: Request, pk: UUID) -> HttpResponseBase:
    """GET gives the package's files, or those that ``?files=`` names; POST leads there from the ticks of a form.

    The archive is fetched by GET, because browsers go on with a broken download only there.
    """
    seen = access.package(request.actor, pk)
    files = list(seen.package.files.all())
    if request.method == "POST":
        ticked = set(request.POST.getlist("file"))
        places = [place for place, file in enumerate(files) if str(file.pk) in ticked]
        if not places:
            messages.warning(request, _("Tick the files that you want in the archive, or download all of them."))
            return redirect("sft:package", pk=pk)
        return redirect(f"{reverse('sft:package-zip', args=[pk])}?files={selections.named(places)}")
    wanted = selections.chosen(request.GET["files"], files) if "files" in request.GET else files
    if request.method == "HEAD":
        downloads.require_allowed(seen=seen, files=wanted)
    else:
        downloads.begin_many(request.actor, seen=seen, files=wanted)
    uploads = Upload.objects.in_bulk([file.upload_id for file in wanted])
    ordered = [uploads[file.upload_id] for file in wanted]
    return zip_response(request, ordered, actor=request.actor, filename=f"{seen.package.name}.zip")
