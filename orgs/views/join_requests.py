"""Administration → Requests to join: list, look at, approve, deny."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from core.errors import Conflict, Invalid
from core.forms import show_refusal
from core.http import Request
from core.pagination import paginate
from orgs import access, mail_domains, policies, queries
from orgs.forms.joining import ApprovalForm, JoinDenialForm
from orgs.models import JoinRequest
from orgs.services import join_decisions
from orgs.views import handover

GENERATE = "generate"
NOTHING_TYPED = "Type a One-Time Password, or let the gateway generate one."


@signed_in
@require_safe
def join_request_list(request: Request) -> HttpResponse:
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    shows_all = request.GET.get("show") == "all"
    found = access.join_requests(request.actor)
    if not shows_all:
        found = found.filter(pk__in=queries.waiting_join_requests(request.actor).values("pk"))
    context = {
        "page": paginate(found, cursor=request.GET.get("after", "")),
        "shows_all": shows_all,
        "organization": access.organization(request.actor),
    }
    return render(request, "orgs/administration/join_requests.html", context)


@signed_in
@require_safe
def join_request(request: Request, pk: UUID) -> HttpResponse:
    return _page(request, _find(request, pk))


@signed_in
@require_POST
def approve(request: Request, pk: UUID) -> HttpResponse:
    """With the One-Time Password typed, or a generated one; whoever has an account needs none."""
    found = _find(request, pk)
    generates = GENERATE in request.POST
    form = ApprovalForm(None if generates else request.POST)
    if form.is_bound and form.is_valid() and not form.cleaned_data["one_time_password"]:
        form.add_error("one_time_password", NOTHING_TYPED)
    if form.is_bound and not form.is_valid():
        return _page(request, found, approval=form)
    typed = None if generates else form.cleaned_data["one_time_password"]
    try:
        made = join_decisions.approve(request.actor, found, one_time_password=typed)
    except Invalid as refusal:
        show_refusal(form, refusal) if form.is_bound else messages.warning(request, refusal.sentence)
        return _page(request, found, approval=form)
    except Conflict as refusal:
        messages.warning(request, refusal.sentence)
        return redirect("orgs:join-request", pk=pk)
    if not made.one_time_password:
        messages.success(request, f"{made.membership.user.full_name} is a user now, with the account they had already.")
        return redirect("orgs:user", pk=made.membership.pk)
    return handover.answer(made)


@signed_in
@require_POST
def deny(request: Request, pk: UUID) -> HttpResponse:
    found = _find(request, pk)
    form = JoinDenialForm(request.POST)
    if not form.is_valid():
        return _page(request, found, denial=form)
    try:
        join_decisions.deny(request.actor, found, reason=form.cleaned_data["reason"])
    except Conflict as refusal:
        messages.warning(request, refusal.sentence)
    else:
        messages.success(request, f"{found.full_name} is not let in. The reason is on its way to them.")
    return redirect("orgs:join-requests")


def _find(request: Request, pk: UUID) -> JoinRequest:
    """A request to the actor's organisation, for whoever manages its users."""
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    return access.join_request(request.actor, pk)


def _page(
    request: Request,
    found: JoinRequest,
    *,
    approval: ApprovalForm | None = None,
    denial: JoinDenialForm | None = None,
) -> HttpResponse:
    own_domains = mail_domains.owned(found.organization.email_domains) if found.organization else []
    context = {
        "join_request": found,
        "knows_domain": mail_domains.of(found.email) in own_domains,
        "approval": approval or ApprovalForm(),
        "denial": denial or JoinDenialForm(),
    }
    has_errors = bool((approval and approval.errors) or (denial and denial.errors))
    return render(request, "orgs/administration/join_request.html", context, status=422 if has_errors else 200)
