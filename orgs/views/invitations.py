"""Administration → Invitations: list, invite a company, resend, revoke."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request
from core.pagination import paginate
from orgs import access, policies
from orgs.forms.administration import InvitationForm
from orgs.services import invitations


@signed_in
@require_safe
def invitation_list(request: Request) -> HttpResponse:
    policies.can_invite(request.actor).enforce()
    page = paginate(access.invitations(request.actor), cursor=request.GET.get("after", ""))
    return render(request, "orgs/administration/invitations.html", {"page": page})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Request) -> HttpResponse:
    policies.can_invite(request.actor).enforce()
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sent = invitations.create(request.actor, **form.cleaned_data)
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, f"Your invitation to {sent.company_name} is on its way to {sent.email}.")
            return redirect("orgs:invitations")
    organization = access.organization(request.actor)
    return render(request, "orgs/administration/invite.html", {"form": form, "organization": organization})


@signed_in
@require_POST
def resend(request: Request, pk: UUID) -> HttpResponse:
    sent = invitations.resend(request.actor, access.invitation(request.actor, pk))
    messages.success(request, f"A new link is on its way to {sent.email}. The old one no longer works.")
    return redirect("orgs:invitations")


@signed_in
@require_POST
def revoke(request: Request, pk: UUID) -> HttpResponse:
    ended = invitations.revoke(request.actor, access.invitation(request.actor, pk))
    messages.success(request, f"The invitation to {ended.company_name} is revoked. Its link no longer works.")
    return redirect("orgs:invitations")
