"""Administration → Users: list, add a user, a user's page, and the page that hands over a One-Time Password."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as people_queries
from accounts.access import sessions_of
from accounts.decorators import confirmed, signed_in
from accounts.ports import guardians
from accounts.services import locks
from core.errors import Conflict, Invalid, NotFound
from core.forms import show_refusal
from core.http import Request
from core.pagination import paginate
from orgs import access, policies, queries
from orgs.forms.administration import ReasonForm, ReissueForm, UserForm
from orgs.models import Application, Membership, Role, RoleAssignment
from orgs.services import memberships, users
from orgs.views import handover

GENERATE = "generate"


@signed_in
@require_safe
def user_list(request: Request) -> HttpResponse:
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    search = request.GET.get("q", "").strip()
    roles = Prefetch("roles", RoleAssignment.objects.select_related("application"))
    found = queries.matching(access.members(request.actor).prefetch_related(roles), search)
    page = paginate(found, cursor=request.GET.get("after", ""))
    return render(request, "orgs/administration/users.html", {"page": page, "search": search})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def add_user(request: Request) -> HttpResponse:
    organization = access.organization(request.actor)
    policies.can_manage_members(request.actor, organization.id).enforce()
    generates = GENERATE in request.POST
    form = UserForm(request.POST or None, organization=organization, generate=generates)
    if request.method == "POST" and form.is_valid():
        data = {**form.cleaned_data, "one_time_password": None if generates else form.cleaned_data["one_time_password"]}
        try:
            return handover.answer(users.add(request.actor, **data))
        except Invalid as refusal:
            show_refusal(form, refusal)
    context = {"form": form, "organization": organization}
    return render(request, "orgs/administration/add_user.html", context, status=422 if form.errors else 200)


@signed_in
@require_safe
def user_page(request: Request, pk: UUID) -> HttpResponse:
    return _user_page(request, _member(request, pk), ReasonForm())


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: Request, pk: UUID) -> HttpResponseBase:
    """Choose a new One-Time Password for a user: whoever knows it gets in, so an open session alone is not enough."""
    return _reissue(request, _member(request, pk))


@confirmed
def _reissue(request: Request, membership: Membership) -> HttpResponse:
    generates = GENERATE in request.POST
    form = ReissueForm(request.POST or None, generate=generates)
    if request.method == "POST" and form.is_valid():
        typed = None if generates else form.cleaned_data["one_time_password"]
        try:
            return handover.answer(users.reissue(request.actor, membership=membership, one_time_password=typed))
        except Invalid as refusal:
            show_refusal(form, refusal)
    context = {"form": form, "member": membership}
    return render(request, "orgs/administration/reissue.html", context, status=422 if form.errors else 200)


@signed_in
@require_safe
def hand_over(request: Request, pk: UUID) -> HttpResponse:
    """User ID and One-Time Password, to print or read out. A reload shows the User ID only."""
    membership = _member(request, pk)
    secret = handover.take(request)
    shown = secret.value if secret and secret.subject == membership.pk else ""
    issued = people_queries.open_one_time_password(membership.user)
    sheet = handover.Sheet(
        membership.user.full_name,
        membership.organization.legal_name,
        user_id=membership.user.user_id,
        until=issued.expires_at if issued else None,
    )
    context = {"member": membership, "secret": shown, "sheet": sheet}
    response = render(request, "orgs/administration/hand_over.html", context)
    if secret and request.method == "GET":
        handover.forget(response)
    return response


@signed_in
@require_POST
def appoint(request: Request, pk: UUID) -> HttpResponse:
    membership = _member(request, pk)
    role, application = _role(request)
    memberships.appoint(request.actor, membership=membership, role=role, application=application)
    messages.success(request, f"{membership.user.full_name} is now {_in_words(role, application)}.")
    return redirect("orgs:user", pk=pk)


@signed_in
@require_POST
def dismiss(request: Request, pk: UUID) -> HttpResponse:
    membership = _member(request, pk)
    role, application = _role(request)
    try:
        memberships.dismiss(request.actor, membership=membership, role=role, application=application)
    except Conflict as refusal:
        messages.warning(request, refusal.sentence)
    else:
        messages.success(request, f"{membership.user.full_name} is no longer {_in_words(role, application)}.")
    return redirect("orgs:user", pk=pk)


@signed_in
@require_POST
def suspend(request: Request, pk: UUID) -> HttpResponse:
    membership = _member(request, pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _user_page(request, membership, form, status=422)
    try:
        memberships.suspend(request.actor, membership=membership, reason=form.cleaned_data["reason"])
    except Conflict as refusal:
        messages.warning(request, refusal.sentence)
    else:
        messages.success(request, f"{membership.user.full_name} is suspended and signed out.")
    return redirect("orgs:user", pk=pk)


@signed_in
@require_POST
def unsuspend(request: Request, pk: UUID) -> HttpResponse:
    membership = memberships.unsuspend(request.actor, membership=_member(request, pk))
    messages.success(request, f"{membership.user.full_name} may sign in again.")
    return redirect("orgs:user", pk=pk)


def _member(request: Request, pk: UUID) -> Membership:
    """A member of the actor's organisation, for whoever manages its users."""
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    return access.member(request.actor, pk)


def _user_page(request: Request, membership: Membership, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    held = list(membership.roles.select_related("application").order_by("role", "application__name"))
    administered = {assignment.application_id for assignment in held}
    context = {
        "member": membership,
        "roles": held,
        "is_oa": any(assignment.role == Role.OA for assignment in held),
        "asked": queries.open_change_of(membership),
        "open_applications": [entry for entry in Application.objects.all() if entry.pk not in administered],
        "reason_form": form,
        "signed_in": sessions_of(membership.user).count(),
        "is_own": membership.user_id == request.actor.user_id,
        "lock": locks.state_of(membership.user),
        "may_look_after": guardians().can_look_after(request.actor, membership.user),
        "factor_reset": people_queries.open_factor_reset(membership.user),
        "may_suspend": policies.can_suspend(request.actor, membership),
        "may_reissue": policies.can_reissue_one_time_password(
            request.actor, membership, organizations=queries.organizations_of(membership.user)
        ),
    }
    return render(request, "orgs/administration/user.html", context, status=status)


def _role(request: Request) -> tuple[Role, Application | None]:
    """``oa``, or ``aa:<application code>``, as the buttons post it."""
    posted = request.POST.get("role", "")
    if posted == Role.OA:
        return Role.OA, None
    role, _, code = posted.partition(":")
    if role != Role.AA:
        raise Invalid("Choose a role of the list.")
    application = Application.objects.in_bulk(field_name="code").get(code)
    if application is None:
        raise NotFound
    return Role.AA, application


def _in_words(role: Role, application: Application | None) -> str:
    return f"{role.label} for {application}" if application else str(role.label)
