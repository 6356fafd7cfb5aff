"""Administration: pending requests, who has access, and the organisation's subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.actor import Actor
from core.errors import Invalid, NotAllowed
from core.forms import show_refusal
from core.http import Request
from core.pagination import paginate
from core.policies import Decision
from orgs import access as organizations
from orgs.models import Application, Role
from sft import access, policies, queries, states
from sft.forms import ReasonForm, RequestsForm
from sft.models import AccessGrant, Subscription
from sft.services import access as accesses
from sft.views.guards import member

FORM_REFUSED = 422


# --- Pending requests ---------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@member
def access_requests(request: Request) -> HttpResponseBase:
    _require_application_administrator(request.actor)
    form = RequestsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            decided = _decide(request, form)
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            _tell(request, decided)
            return redirect("sft:access-requests")
    waiting = queries.waiting(access.administered_grants(request.actor))
    page = paginate(waiting, cursor=request.GET.get("after", ""), by="since")
    rows = [(grant, policies.can_administer_access(request.actor, grant)) for grant in page.rows]
    context = {"form": form, "page": page, "rows": rows, "chosen": _chosen(form, rows)}
    return render(request, "sft/access_requests.html", context, status=FORM_REFUSED if form.errors else 200)


def _decide(request: Request, form: RequestsForm) -> accesses.Decided:
    grants = access.grants(request.actor, form.cleaned_data["chosen"])
    if request.POST.get("decision") == "approve":
        return accesses.approve_all(request.actor, grants=grants)
    return accesses.deny_all(request.actor, grants=grants, reason=form.cleaned_data["reason"])


def _tell(request: Request, decided: accesses.Decided) -> None:
    for grant in decided.done:
        messages.success(request, f"{grant.membership.user.full_name}: {grant.get_state_display().lower()}.")
    for sentence in decided.refusals:
        messages.warning(request, sentence)


def _chosen(form: RequestsForm, rows: list[tuple[AccessGrant, Decision]]) -> set[UUID]:
    """The rows to tick: what came back with a refused form, or the only request there is."""
    if form.is_bound:
        return set(form.cleaned_data.get("chosen") or ())
    open_rows = [grant.pk for grant, decision in rows if decision]
    return set(open_rows) if len(open_rows) == 1 else set()


# --- Who has access -----------------------------------------------------------------------------------------------
@require_safe
@member
def application_people(request: Request, code: str) -> HttpResponse:
    _require_application_administrator(request.actor)
    application = access.administered_application(request.actor, code)
    organization = organizations.organization(request.actor)
    grants = queries.members_by_application(organization, application)
    page = paginate(grants, cursor=request.GET.get("after", ""), by="since")
    return render(request, "sft/application_people.html", {"application": application, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@member
def access_grant(request: Request, pk: UUID) -> HttpResponseBase:
    _require_application_administrator(request.actor)
    grant = access.grant(request.actor, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _suspend_or_restore(request, grant, form.cleaned_data["reason"])
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("sft:access-grant", pk=grant.pk)
    context = {
        "grant": grant,
        "form": form,
        "decision": policies.can_administer_access(request.actor, grant),
        "can_suspend": states.ACCESS.permits(grant.state, "suspend"),
        "can_restore": states.ACCESS.permits(grant.state, "unsuspend"),
        "is_waiting": policies.is_waiting(grant),
    }
    return render(request, "sft/access_grant.html", context, status=FORM_REFUSED if form.errors else 200)


def _suspend_or_restore(request: Request, grant: AccessGrant, reason: str) -> None:
    name = grant.membership.user.full_name
    if request.POST.get("decision") == "restore":
        accesses.unsuspend(request.actor, grant=grant)
        messages.success(request, f"{name} can open {grant.application} again.")
        return
    accesses.suspend(request.actor, grant=grant, reason=reason)
    messages.success(request, f"{name} can no longer open {grant.application}.")


# --- Subscriptions ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    application: Application
    subscription: Subscription | None
    may_request: bool
    may_see_people: bool


@require_safe
@member
def subscriptions(request: Request) -> HttpResponse:
    actor = request.actor
    if not actor.has(Role.OA) and not access.administered_codes(actor):
        raise NotAllowed("Applications are looked after by the administrators of your organisation.")
    held = queries.subscriptions_of(queries.organization_id(actor))
    rows = [
        _subscription_row(actor, application, held.get(application.pk)) for application in Application.objects.all()
    ]
    return render(request, "sft/subscriptions.html", {"rows": rows})


def _subscription_row(actor: Actor, application: Application, subscription: Subscription | None) -> SubscriptionRow:
    return SubscriptionRow(
        application,
        subscription,
        may_request=bool(policies.can_request_subscription(actor, subscription)),
        may_see_people=policies.administers(actor, application),
    )


def _require_application_administrator(actor: Actor) -> None:
    if not access.administered_codes(actor):
        raise NotAllowed("Access is decided by the Application Administrators of your organisation. Home names them.")
