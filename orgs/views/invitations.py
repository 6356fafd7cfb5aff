"""Administration → Invitations: list, one invitation, invite a company, extend, resend, revoke, export."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from core import states
from core.errors import Invalid, NotFound, TooMany
from core.forms import show_refusal
from core.http import Request
from core.pagination import paginate
from orgs import access, invitation_course, policies
from orgs.forms.invitations import FilterForm, InvitationForm
from orgs.models import Invitation
from orgs.services import invitations
from orgs.services.invitations import exports

FILTERS = ("q", "state", "inviter", "application")


@signed_in
@require_safe
def invitation_list(request: Request) -> HttpResponse:
    organization = access.organization(request.actor)
    policies.can_invite(request.actor).enforce()
    form = FilterForm(request.GET, invitations=access.invitations(request.actor))
    page = paginate(form.found(), cursor=request.GET.get("after", ""))
    asked = urlencode({name: request.GET[name] for name in FILTERS if request.GET.get(name)})
    context = {"page": page, "filters": form, "asked": asked, "organization": organization}
    return render(request, "orgs/administration/invitations.html", context)


@signed_in
@require_safe
def invitation_page(request: Request, pk: UUID) -> HttpResponse:
    invitation = access.invitation(request.actor, pk)
    context = {
        "invitation": invitation,
        "applications": invitation.applications.all(),
        "next": invitation_course.next_step(invitation),
        "entries": invitation_course.history(invitation),
        "mails": invitation_course.mails(invitation),
        "may_extend": invitation.is_open,
        "may_resend": states.permits(invitation, "resend"),
        "may_revoke": states.permits(invitation, "revoke"),
    }
    return render(request, "orgs/administration/invitation.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Request) -> HttpResponse:
    organization = access.organization(request.actor)
    policies.can_invite(request.actor).enforce()
    form = InvitationForm(request.POST if request.method == "POST" else None, initial=_like(request))
    status = 200
    if request.method == "POST":
        status = Invalid.status
        if form.is_valid():
            try:
                sent = invitations.create(request.actor, **form.cleaned_data)
            except Invalid as refusal:
                show_refusal(form, refusal)
            except TooMany as refusal:
                form.add_error(None, refusal.sentence)
                status = TooMany.status
            else:
                messages.success(request, f"Your invitation to {sent.company_name} is on its way to {sent.email}.")
                return redirect("orgs:invitations")
    context = {"form": form, "organization": organization}
    return render(request, "orgs/administration/invite.html", context, status=status)


@signed_in
@require_POST
def extend(request: Request, pk: UUID) -> HttpResponse:
    extended = invitations.extend(request.actor, access.invitation(request.actor, pk))
    messages.success(request, f"The link sent to {extended.email} is good for the full time again.")
    return redirect("orgs:invitation-page", pk=pk)


@signed_in
@require_POST
def resend(request: Request, pk: UUID) -> HttpResponse:
    sent = invitations.resend(request.actor, access.invitation(request.actor, pk))
    messages.success(request, f"A new link is on its way to {sent.email}. The old one no longer works.")
    return redirect("orgs:invitation-page", pk=pk)


@signed_in
@require_POST
def revoke(request: Request, pk: UUID) -> HttpResponse:
    ended = invitations.revoke(request.actor, access.invitation(request.actor, pk))
    messages.success(request, f"The invitation to {ended.company_name} is revoked. Its link no longer works.")
    return redirect("orgs:invitation-page", pk=pk)


@signed_in
@require_POST
def export(request: Request) -> StreamingHttpResponse:
    """What the list shows with these filters, as CSV."""
    access.organization(request.actor)
    form = FilterForm(request.GET, invitations=access.invitations(request.actor))
    lines = exports.export(request.actor, form.found(), asked=request.GET.urlencode())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="invitations.csv"'
    return response


def _like(request: Request) -> dict[str, Any]:
    """Invite again what ``?like=`` names: everything but the address is filled in."""
    try:
        earlier: Invitation = access.invitation(request.actor, UUID(request.GET.get("like", "")))
    except (ValueError, NotFound):
        return {}
    names = (
        "company_name",
        "first_name",
        "last_name",
        "external_reference",
        "message",
        "colleague_allowed",
        "language",
    )
    known = {name: getattr(earlier, name) for name in names}
    return {**known, "applications": [application.pk for application in earlier.applications.all()]}
