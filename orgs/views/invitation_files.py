"""Administration → Invitations → Invite several companies: a file, its preview, and one press."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from core.errors import Conflict, DomainError, Invalid, TooMany
from core.http import Request
from orgs import access, policies, spreadsheets
from orgs.forms.invitation_files import CompaniesForm
from orgs.invitation_files import COLUMNS, MOST_ROWS, FaultyRows
from orgs.models import Application, InvitationBatch
from orgs.services.invitations import batches

FAULTS_SHOWN = 200
ROWS_SHOWN = 100


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def invite_many(request: Request) -> HttpResponse:
    access.organization(request.actor)
    policies.can_invite(request.actor).enforce()
    if request.method != "POST":
        return _upload_page(request, CompaniesForm())
    form = CompaniesForm(request.POST, request.FILES)
    if not form.is_valid() or form.faults:
        return _upload_page(request, form, status=Invalid.status)
    file = form.cleaned_data["file"]
    try:
        batch = batches.keep(
            request.actor, records=form.cleaned_data["records"], file_name=file.name if file else "Pasted rows"
        )
    except FaultyRows as refusal:
        form.faults = refusal.faults
        return _upload_page(request, form, status=Invalid.status)
    except TooMany as refusal:
        form.add_error(None, refusal.sentence)
        return _upload_page(request, form, status=TooMany.status)
    return redirect("orgs:invite-many-preview", pk=batch.pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: Request, pk: UUID) -> HttpResponse:
    batch = access.invitation_batch(request.actor, pk)
    if request.method != "POST":
        return _preview_page(request, batch)
    try:
        sent = batches.send(request.actor, batch)
    except (FaultyRows, TooMany, Conflict) as refusal:
        return _preview_page(request, batch, refusal=refusal)
    messages.success(request, f"{sent.size:,} invitation{' is' if sent.size == 1 else 's are'} on the way.")
    return redirect("orgs:invitations")


@signed_in
@require_safe
def template(request: Request) -> HttpResponse:
    """An empty file with the headings."""
    policies.can_invite(request.actor).enforce()
    text = "".join(spreadsheets.write([[column.label for column in COLUMNS]]))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="companies-to-invite.csv"'
    return response


def _upload_page(request: Request, form: CompaniesForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "columns": COLUMNS,
        "most_rows": MOST_ROWS,
        "faults": form.faults[:FAULTS_SHOWN],
        "fault_count": len(form.faults),
        "more_faults": max(0, len(form.faults) - FAULTS_SHOWN),
    }
    return render(request, "orgs/administration/invite_many.html", context, status=status)


def _preview_page(request: Request, batch: InvitationBatch, *, refusal: DomainError | None = None) -> HttpResponse:
    faults = refusal.faults if isinstance(refusal, FaultyRows) else []
    start = _start(request, batch)
    names = {str(application.pk): application.name for application in Application.objects.all()}
    context: dict[str, Any] = {
        "batch": batch,
        "rows": [
            {**record, "applications": [names.get(key, "–") for key in record["applications"]]}
            for record in batch.records[start : start + ROWS_SHOWN]
        ],
        "first": start + 1,
        "last": min(start + ROWS_SHOWN, batch.size),
        "before": str(max(0, start - ROWS_SHOWN)) if start else "",
        "after": str(start + ROWS_SHOWN) if start + ROWS_SHOWN < batch.size else "",
        "refusal": refusal,
        "faults": faults[:FAULTS_SHOWN],
        "fault_count": len(faults),
        "more_faults": max(0, len(faults) - FAULTS_SHOWN),
    }
    status = refusal.status if refusal else 200
    return render(request, "orgs/administration/invite_many_preview.html", context, status=status)


def _start(request: Request, batch: InvitationBatch) -> int:
    """Which row to begin with; what is no row of the file is the first."""
    asked = request.GET.get("from", "")
    start = int(asked) if asked.isdecimal() and len(asked) < 7 else 0
    return start if start < batch.size else 0
