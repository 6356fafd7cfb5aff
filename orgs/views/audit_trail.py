"""Administration → Audit trail: list, one event, export."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from core.audit import exports, signing, trail, words
from core.errors import Invalid
from core.http import Request, archive
from core.pagination import paginate
from orgs import access, policies
from orgs.forms.audit_trail import TrailForm


@signed_in
@require_safe
def audit_trail(request: Request) -> HttpResponse:
    policies.can_see_audit_trail(request.actor).enforce()
    organization = access.organization(request.actor)
    form = TrailForm(request.GET)
    found = trail.found(access.audit_events(request.actor, book=form.chosen), form.asked())
    page = paginate(found, cursor=request.GET.get("after", ""), by="at")
    context = {
        "organization": organization,
        "filters": form,
        "page": page,
        "lines": words.lines(page.rows),
        "key": signing.public_key(),
    }
    status = Invalid.status if form.errors else 200
    return render(request, "orgs/administration/audit_trail.html", context, status=status)


@signed_in
@require_safe
def audit_event(request: Request, pk: UUID) -> HttpResponse:
    policies.can_see_audit_trail(request.actor).enforce()
    event = access.audit_event(request.actor, pk)
    (line,) = words.lines([event])
    return render(request, "orgs/administration/audit_event.html", {"line": line, "facts": words.facts(event)})


@signed_in
@require_POST
def export(request: Request) -> StreamingHttpResponse:
    """What the list shows with these filters, as a signed archive."""
    policies.can_see_audit_trail(request.actor).enforce()
    organization = access.organization(request.actor)
    form = TrailForm(request.GET)
    asked = form.asked_exactly()
    pieces = exports.export(
        request.actor,
        trail.found(access.audit_events(request.actor, book=form.chosen), asked),
        asked=asked,
        form=exports.form_of(request.POST.get("format", "")),
        scope=f"{organization.legal_name} ({organization.organization_id}): {form.chosen.label}",
        whole=form.is_whole,
    )
    return archive(pieces, name=exports.FILE_NAME)
