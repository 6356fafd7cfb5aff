"""Asking the operator for another Organization Administrator, and taking a change request back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from core.errors import Conflict, Invalid, TooMany
from core.forms import show_refusal
from core.http import Request
from orgs import access, policies, queries
from orgs.dates import in_words
from orgs.forms.change_requests import WhyForm
from orgs.models import Membership, Role
from orgs.services import change_requests


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def organization_administrator(request: Request, pk: UUID) -> HttpResponse:
    """Ask to make a user Organization Administrator, or to take that from one who is."""
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    member = access.member(request.actor, pk)
    holds = queries.holds(member, Role.OA)
    form = WhyForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                return _asked(request, member, message=form.cleaned_data["message"], dismiss=holds)
            status = 422
        except Invalid as refusal:
            show_refusal(form, refusal)
            status = refusal.status
        except (Conflict, TooMany) as refusal:
            messages.warning(request, refusal.sentence)
            return redirect("orgs:user", pk=pk)
    context = {"form": form, "member": member, "dismiss": holds}
    return render(request, "orgs/administration/user_administrator.html", context, status=status)


@signed_in
@require_POST
def withdraw(request: Request, pk: UUID) -> HttpResponse:
    change = access.change_request(request.actor, pk)
    try:
        change_requests.withdraw(request.actor, change)
    except Conflict as refusal:
        messages.warning(request, refusal.sentence)
    else:
        messages.success(request, "Withdrawn. Everything stays as it is.")
    return redirect("orgs:organization")


def _asked(request: Request, member: Membership, *, message: str, dismiss: bool) -> HttpResponse:
    change = change_requests.ask_for_administrators(
        request.actor,
        organization=member.organization,
        message=message,
        appoint=[] if dismiss else [member],
        dismiss=[member] if dismiss else [],
    )
    messages.info(request, f"Waiting for the operator, who decides by {in_words(change.due_at)}.")
    return redirect("orgs:user", pk=member.pk)
