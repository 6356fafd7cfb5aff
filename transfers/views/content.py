"""The bytes of one stored file, for programs and for people: under a session, or with an access token that may fetch."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase

from accounts.models import Scope
from core.http import Request
from transfers import access
from transfers.downloads.files import file_response
from transfers.services import fetching
from transfers.views.callers import caller
from transfers.views.doors import json_door


@json_door("GET", "HEAD")
def content(request: Request, pk: UUID) -> HttpResponseBase:
    """GET and HEAD, whole or one range; ``ETag`` is the file's SHA-256."""
    actor = caller(request, Scope.FILES_FETCH)
    upload = access.fetchable(actor, pk)
    if request.method == "GET":
        asked = request.headers.get("Range", "")
        fetching.begin(actor, upload=upload, is_resumed=bool(asked) and not asked.startswith("bytes=0-"))
    return file_response(request, upload, actor=actor, filename=upload.name)
