"""The doors of the pages pool: an upload's life but for its bytes, under the session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from core.http import Request
from transfers import access
from transfers.forms import NewUpload
from transfers.models import Upload, UploadState
from transfers.services import tokens, uploads
from transfers.services.tokens import Grant
from transfers.views.doors import document_of, json_door, signed_in


@json_door("POST")
@signed_in
def collection(request: Request) -> HttpResponseBase:
    """Create an upload; the answer holds its document and the first token to send its parts with."""
    new = NewUpload.from_document(document_of(request))
    upload = uploads.create(
        request.actor,
        subject=new.subject,
        name=new.name,
        path=new.path,
        size=new.size,
        last_modified=new.last_modified,
    )
    answer = {**described(upload), "parts": [], **_granted(tokens.grant(request.actor, upload=upload))}
    return JsonResponse(answer, status=201)


@json_door("GET", "HEAD", "DELETE")
@signed_in
def item(request: Request, pk: UUID) -> HttpResponseBase:
    """GET describes the upload with its ledger (``?parts=none`` without); DELETE gives it up."""
    upload = access.for_owner(request.actor, pk)
    if request.method == "DELETE":
        uploads.abort(request.actor, upload=upload)
        return HttpResponse(status=204)
    if request.GET.get("parts") == "none":
        return JsonResponse(described(upload))
    return JsonResponse({**described(upload), "parts": _ledger(upload)})


@json_door("POST")
@signed_in
def token(request: Request, pk: UUID) -> HttpResponseBase:
    """Another token, before the last one ends."""
    upload = access.for_owner(request.actor, pk)
    return JsonResponse(_granted(tokens.renew(request.actor, upload=upload)), status=201)


@json_door("POST")
@signed_in
def complete(request: Request, pk: UUID) -> HttpResponseBase:
    """All parts have been sent. 202 while the file is on its way into the store, 200 once it is there."""
    upload = uploads.complete(request.actor, upload=access.for_owner(request.actor, pk))
    return JsonResponse(described(upload), status=200 if upload.state == UploadState.STORED else 202)


def described(upload: Upload) -> dict[str, Any]:
    """The upload as programs see it; times in ISO 8601, sizes in bytes, the digest in hexadecimal."""
    return {
        "id": str(upload.id),
        "subject": str(upload.subject) if upload.subject else None,
        "door": upload.door,
        "name": upload.name,
        "path": upload.path,
        "size": upload.size,
        "last_modified": upload.last_modified,
        "part_size": upload.part_size,
        "part_count": upload.part_count,
        "state": upload.state,
        "reason": upload.reason,
        "sha256": upload.sha256,
        "created_at": upload.created_at.isoformat(),
        "expires_at": upload.expires_at.isoformat(),
    }


def _ledger(upload: Upload) -> list[dict[str, Any]]:
    return [dict(row) for row in upload.parts.order_by("number").values("number", "size", "sha256", "state")]


def _granted(granted: Grant) -> dict[str, Any]:
    return {
        "token": granted.secret,
        "token_expires_at": granted.expires_at.isoformat(),
        "origins": settings.UPLOAD_ORIGINS,
    }
