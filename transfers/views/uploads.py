"""The doors of the pages pool: an upload's life but for its bytes, under the session or an access token."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from accounts.models import Scope
from core.http import Request
from core.pagination import paginate
from transfers import access, queries
from transfers.forms import NewAddresses, NewUpload
from transfers.models import Upload, UploadState
from transfers.services import direct, tokens, uploads
from transfers.services.tokens import Grant
from transfers.views.callers import for_parts_of_one, session_or_token
from transfers.views.doors import document_of, json_door


@json_door("GET", "HEAD", "POST")
@session_or_token(Scope.FILES_SEND)
def collection(request: Request) -> HttpResponseBase:
    """GET lists the caller's own files that are for nothing in particular; POST creates an upload."""
    return _create(request) if request.method == "POST" else _listed(request)


def _listed(request: Request) -> HttpResponseBase:
    page = paginate(access.loose_of(request.actor), cursor=request.GET.get("cursor", ""))
    return JsonResponse({"uploads": [described(upload) for upload in page.rows], "next_cursor": page.next_cursor})


def _create(request: Request) -> HttpResponseBase:
    """The answer holds the upload's document and the first token to send its parts with."""
    new = NewUpload.from_document(document_of(request))
    upload = uploads.create(
        request.actor,
        subject=new.subject,
        name=new.name,
        path=new.path,
        size=new.size,
        last_modified=new.last_modified,
        door=direct.door_for(new.door),
    )
    answer = {**described(upload), "parts": [], "pieces": [], **_granted(tokens.grant(request.actor, upload=upload))}
    return JsonResponse(answer, status=201)


@json_door("GET", "HEAD", "DELETE")
@session_or_token(Scope.FILES_SEND)
def item(request: Request, pk: UUID) -> HttpResponseBase:
    """GET describes the upload with its ledger and where its parts go (``?parts=none`` without); DELETE gives it up."""
    upload = access.for_owner(request.actor, pk)
    if request.method == "DELETE":
        uploads.abort(request.actor, upload=upload)
        return HttpResponse(status=204)
    if request.GET.get("parts") == "none":
        return JsonResponse(described(upload))
    # Pieces first: what is made whole meanwhile is told twice rather than not at all.
    pieces, parts = _pieces(upload), _ledger(upload)
    way_on = {"parts": parts, "pieces": pieces, "origins": settings.UPLOAD_ORIGINS}
    return JsonResponse({**described(upload), **way_on})


@json_door("POST")
@session_or_token(Scope.FILES_SEND)
def token(request: Request, pk: UUID) -> HttpResponseBase:
    """Another token, before the last one ends."""
    upload = access.for_owner(request.actor, pk)
    return JsonResponse(_granted(tokens.renew(request.actor, upload=upload)), status=201)


@json_door("POST")
@session_or_token(Scope.FILES_SEND)
def complete(request: Request, pk: UUID) -> HttpResponseBase:
    """All parts have been sent. 202 while the file is on its way into the store, 200 once it is there."""
    upload = uploads.complete(request.actor, upload=access.for_owner(request.actor, pk))
    return JsonResponse(described(upload), status=200 if upload.state == UploadState.STORED else 202)


@json_door("POST")
@for_parts_of_one
def addresses(request: Request, pk: UUID) -> HttpResponseBase:
    """Addresses in the store for up to 100 parts of the direct door; ``present`` are the parts that are there already."""
    upload = access.for_owner(request.actor, pk)
    wanted = NewAddresses.from_document(document_of(request))
    found = direct.promise(request.actor, upload=upload, parts=wanted.promises)
    rows = [
        {
            "number": number,
            "url": address.url,
            "headers": dict(address.headers),
            "expires_at": address.expires_at.isoformat(),
        }
        for number, address in sorted(found.by_number.items())
    ]
    return JsonResponse({"addresses": rows, "present": list(found.present)})


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
        "scan": upload.scan,
        "reason": upload.reason,
        "sha256": upload.sha256,
        "created_at": upload.created_at.isoformat(),
        "expires_at": upload.expires_at.isoformat(),
    }


def _ledger(upload: Upload) -> list[dict[str, Any]]:
    return [dict(row) for row in upload.parts.order_by("number").values("number", "size", "sha256", "state")]


def _pieces(upload: Upload) -> list[dict[str, Any]]:
    return [asdict(piece) for piece in queries.ranges(upload)]


def _granted(granted: Grant) -> dict[str, Any]:
    return {
        "token": granted.secret,
        "token_expires_at": granted.expires_at.isoformat(),
        "origins": settings.UPLOAD_ORIGINS,
    }
