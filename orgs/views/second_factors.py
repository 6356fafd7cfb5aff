"""Administration → Second factors: what an organisation asks of its people, and what is done for one who lost theirs."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import queries as people_queries
from accounts.decorators import confirmed, signed_in
from accounts.forms.factor_resets import DecisionForm, VouchForm
from accounts.models import FactorReset
from accounts.services import factor_resets
from core.errors import Conflict, Invalid, NotFound
from core.forms import show_refusal
from core.http import Request
from orgs import access, policies
from orgs.forms.second_factor_rules import RuleForm
from orgs.models import Membership, Organization
from orgs.services import second_factor_rules

DENY = "deny"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def rule(request: Request) -> HttpResponseBase:
    """What the people of the actor's organisation sign in with, beside what the operator says."""
    organization = access.organization(request.actor)
    policies.can_set_second_factor_rule(request.actor, organization_id=organization.id).enforce()
    return _rule(request, organization)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def factor_reset(request: Request, pk: UUID) -> HttpResponseBase:
    """Say that it is this person who has lost every second factor, or that it is not."""
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    member = access.member(request.actor, pk)
    reset = people_queries.open_factor_reset(member.user)
    if reset is None:
        raise NotFound
    return _factor_reset(request, member, reset)


@confirmed
def _rule(request: Request, /, organization: Organization) -> HttpResponse:
    own, everybody_s = second_factor_rules.of_organization(organization), second_factor_rules.of_operator()
    form = RuleForm.of(request.POST or None, own or everybody_s)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor_rules.set_rule(request.actor, organization=organization, **form.rule())
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Saved. It counts from everybody’s next sign-in."))
            return redirect("orgs:second-factor-rule")
    context = {"form": form, "organization": organization, "own": own, "everybody_s": everybody_s}
    return render(
        request, "orgs/administration/second_factor_rule.html", context, status=Invalid.status if form.errors else 200
    )


@confirmed
def _factor_reset(request: Request, /, member: Membership, reset: FactorReset) -> HttpResponse:
    denies = DENY in request.POST
    vouching = VouchForm(request.POST if request.method == "POST" and not denies else None)
    denying = DecisionForm(request.POST if denies else None, auto_id="deny_%s")
    try:
        done = _denied(request, reset, denying) if denies else _vouched(request, reset, vouching)
    except Conflict as refusal:
        messages.warning(request, refusal.sentence)
        done = True
    if done:
        return redirect("orgs:user", pk=member.pk)
    return _page(request, member, reset, vouching, denying)


def _vouched(request: Request, reset: FactorReset, form: VouchForm) -> bool:
    if not form.is_valid():
        return False
    factor_resets.vouch(request.actor, reset=reset, how=form.cleaned_data["how"])
    messages.success(request, _("Confirmed. The operator removes the second factors next; you get a mail then."))
    return True


def _denied(request: Request, reset: FactorReset, form: DecisionForm) -> bool:
    if not form.is_valid():
        return False
    factor_resets.deny(request.actor, reset=reset, reason=form.cleaned_data["reason"])
    messages.success(request, _("Denied. The reason is on its way to them."))
    return True


def _page(
    request: Request, member: Membership, reset: FactorReset, vouching: VouchForm, denying: DecisionForm
) -> HttpResponse:
    context = {
        "member": member,
        "reset": reset,
        "may_vouch": factor_resets.can_vouch(request.actor, reset),
        "vouching": vouching,
        "denying": denying,
    }
    status = Invalid.status if vouching.errors or denying.errors else 200
    return render(request, "orgs/administration/factor_reset.html", context, status=status)
