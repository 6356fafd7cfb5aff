"""How far many uploads are, in one answer: a folder of thousands is not asked after file by file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import JsonResponse
from django.http.response import HttpResponseBase

from accounts.models import Scope
from core.errors import Invalid
from core.http import Request
from transfers import access
from transfers.views.callers import session_or_token
from transfers.views.doors import document_of, json_door

MOST_AT_ONCE = 500


@json_door("POST")
@session_or_token(Scope.FILES_SEND)
def states(request: Request) -> HttpResponseBase:
    """``{"ids": […]}`` in, ``{"uploads": [{id, state, scan, reason, sha256}]}`` out; what is not the caller's is left out."""
    rows = access.owned(request.actor, _ids(document_of(request))).values("id", "state", "scan", "reason", "sha256")
    return JsonResponse({"uploads": [{**row, "id": str(row["id"])} for row in rows]})


def _ids(document: dict[str, Any]) -> list[UUID]:
    ids = document.get("ids")
    if not isinstance(ids, list) or len(ids) > MOST_AT_ONCE:
        raise Invalid(fields={"ids": f"Give the ids of up to {MOST_AT_ONCE} uploads as a list."})
    try:
        return [UUID(entry) for entry in ids]
    except (ValueError, AttributeError, TypeError) as error:
        raise Invalid(fields={"ids": "Give the ids as they were when the uploads were created."}) from error
