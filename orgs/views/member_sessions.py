"""Administration → Users: signing out a user, or everybody at once."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.services import sessions
from core.http import Request
from orgs import access, policies
from orgs.forms.administration import ReasonForm
from orgs.services import organizations


@signed_in
@require_POST
def end_for_user(request: Request, pk: UUID) -> HttpResponse:
    """Sign a user out everywhere; they may sign in again."""
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    membership = access.member(request.actor, pk)
    sessions.end_for(request.actor, user=membership.user)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": membership.user.full_name})
    return redirect("orgs:user", pk=pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def end_for_everybody(request: Request) -> HttpResponse:
    """Sign out everybody in the organisation but the one who asks, with a reason for the audit trail."""
    organization = access.organization(request.actor)
    policies.can_sign_everybody_out(request.actor, organization.pk).enforce()
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organizations.end_sessions(request.actor, organization, reason=form.cleaned_data["reason"])
        messages.success(request, _("Everybody but you is signed out."))
        return redirect("orgs:users")
    context = {"form": form, "organization": organization}
    return render(request, "orgs/administration/end_sessions.html", context, status=422 if form.errors else 200)
