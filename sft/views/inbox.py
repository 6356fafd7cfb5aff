"""The lists of the workspace: what came, what went, what is not sent yet."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.http import Request
from core.pagination import paginate
from sft import queries
from sft.views.guards import workspace


@require_safe
@workspace
def received(request: Request) -> HttpResponse:
    page = paginate(queries.received(request.actor), cursor=request.GET.get("after", ""), by="notified_at")
    return render(request, "sft/received.html", {"page": page})


@require_safe
@workspace
def sent(request: Request) -> HttpResponse:
    page = paginate(queries.sent(request.actor), cursor=request.GET.get("after", ""), by="sent_at")
    return render(request, "sft/sent.html", {"page": page})


@require_safe
@workspace
def drafts(request: Request) -> HttpResponse:
    page = paginate(queries.drafts(request.actor), cursor=request.GET.get("after", ""))
    return render(request, "sft/drafts.html", {"page": page})
