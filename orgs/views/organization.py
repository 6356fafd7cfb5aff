"""Administration → Organization, and the tab that leads to the first page of the section that is for the actor."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from core import navigation
from core.errors import Conflict, Invalid, NotAllowed, TooMany
from core.forms import show_refusal
from core.http import Request
from core.policies import Decision
from orgs import access, policies, profile_changes, queries, summaries
from orgs.dates import in_words
from orgs.forms.change_requests import EditForm
from orgs.models import ChangeRequest, Organization
from orgs.services import change_notices, change_requests, profiles

SECTION = "administration"
RECENT = 5
RECOMMENDED_ADMINISTRATORS = 2


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A change request as the organisation's administrators see it."""

    change: ChangeRequest
    lines: list[dict[str, str]]
    asked_by: str
    may_withdraw: Decision


@signed_in
@require_safe
def administration(request: Request) -> HttpResponse:
    tabs = navigation.bar(SECTION, request.actor, "")
    if not tabs:
        raise NotAllowed
    return redirect(tabs[0].url)


@signed_in
@require_safe
def organization(request: Request) -> HttpResponse:
    own = access.organization(request.actor)
    policies.can_see_organization(request.actor, own).enforce()
    may_edit = policies.can_edit_organization(request.actor, own)
    context = {
        "organization": own,
        "rows": summaries.of_profile(own),
        "edit_url": reverse("orgs:organization-edit") if may_edit else "",
        "may_edit": may_edit,
        "administrators": queries.administrators_with_roles(own),
        "is_alone": queries.signed_in_administrators(own).count() < RECOMMENDED_ADMINISTRATORS,
        "waiting": [_shown(request, change) for change in queries.open_changes(own)],
        "decided": [_shown(request, change) for change in queries.decided_changes(own)[:RECENT]],
    }
    return render(request, "orgs/administration/organization.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request) -> HttpResponse:
    """The profile: some fields hold at once, the others become a change request."""
    own = access.organization(request.actor)
    policies.can_edit_organization(request.actor, own).enforce()
    form = EditForm(request.POST if request.method == "POST" else None, organization=own)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                return _saved(request, own, form)
            status = 422
        except Invalid as refusal:
            show_refusal(form, refusal)
            status = refusal.status
        except (Conflict, TooMany) as refusal:
            form.add_error(None, refusal.sentence)
            form.show_current_version()
            status = refusal.status
    context = {"form": form, "organization": own, "waiting": change_requests.open_profile_request(own)}
    return render(request, "orgs/administration/organization_edit.html", context, status=status)


def _saved(request: Request, own: Organization, form: EditForm) -> HttpResponse:
    edited = profiles.edit(
        request.actor,
        organization=own,
        profile=form.profile(),
        message=form.cleaned_data["message"],
        seen=form.cleaned_data["seen"],
    )
    _say(request, edited)
    return redirect("orgs:organization")


def _say(request: Request, edited: profiles.Edited) -> None:
    if edited.written:
        messages.success(request, f"Saved: {profile_changes.labels(edited.written)}.")
    if edited.request:
        fields = profile_changes.labels(edited.request.profile)
        messages.info(request, f"Waiting for the operator, who decides by {in_words(edited.request.due_at)}: {fields}.")
    if not edited.written and not edited.request:
        messages.info(request, "Nothing waits for the operator, and nothing was changed.")


def _shown(request: Request, change: ChangeRequest) -> ShownRequest:
    return ShownRequest(
        change=change,
        lines=change_notices.lines_of(change),
        asked_by=change_notices.asked_by(change),
        may_withdraw=policies.can_withdraw_change(request.actor, change),
    )
