"""What staff do with an organisation: suspend, reactivate, close it, edit its profile, start a change of administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from core import states
from core.admin import desk_page
from core.errors import Conflict, DomainError, Invalid, TooMany
from core.forms import show_refusal
from core.http import Request
from core.policies import Decision
from orgs import access, policies, profile_changes, queries
from orgs.forms.change_requests import ChangeOfAdministratorForm, EditForm, OrganizationStateForm
from orgs.models import Organization, OrganizationState
from orgs.services import change_requests, organizations, profiles

View = Callable[..., HttpResponse]
PAGE = "admin:orgs_organization_change"
END_SESSIONS = "end_sessions"


@dataclass(frozen=True, slots=True)
class Step:
    """A move of an organisation: the button's words, what it does in a sentence, and the service."""

    action: str
    label: str
    consequence: str
    done: str
    service: Callable[..., Organization]


STEPS = {
    step.action: step
    for step in (
        Step(
            "suspend",
            "Suspend",
            "All its users are signed out at once and cannot sign in until it is reactivated. Roles and access are kept.",
            "is suspended and its users are signed out.",
            organizations.suspend,
        ),
        Step(
            "reactivate",
            "Reactivate",
            "Its users may sign in again, with the roles and the access they had.",
            "is active again.",
            organizations.reactivate,
        ),
        Step(
            "close",
            "Close for good",
            "The account ends for good: it cannot be opened again, and what waits for a decision is withdrawn.",
            "is closed.",
            organizations.close,
        ),
        Step(
            END_SESSIONS,
            "Sign everybody out",
            "All its users are signed out at once. They can sign in again.",
            "has no session left.",
            organizations.end_sessions,
        ),
    )
}


def urls(guard: Callable[[View], View]) -> list[URLPattern]:
    """The addresses of the pages; ``guard`` lets staff in."""
    methods = require_http_methods(["GET", "HEAD", "POST"])
    moves = [
        path(f"<uuid:pk>/{action}/", guard(methods(partial(move, step=step))), name=f"orgs_organization_{action}")
        for action, step in STEPS.items()
    ]
    return [
        *moves,
        path(
            "<uuid:pk>/administrators/",
            guard(methods(change_of_administrator)),
            name="orgs_organization_administrators",
        ),
        path("<uuid:pk>/profile/", guard(methods(profile)), name="orgs_organization_profile"),
    ]


def tools(request: Request, organization: Organization) -> list[dict[str, str]]:
    """The buttons of an organisation's page, for who looks at it."""
    if not _may(request, organization):
        return []
    moves = [
        {"view": f"admin:orgs_organization_{action}", "label": step.label}
        for action, step in STEPS.items()
        if _is_open(organization, action)
    ]
    if organization.state == OrganizationState.ACTIVE:
        moves = [
            {"view": "admin:orgs_organization_profile", "label": "Edit the profile"},
            {"view": "admin:orgs_organization_administrators", "label": "Change of administrator"},
            *moves,
        ]
    return moves


def _is_open(organization: Organization, action: str) -> bool:
    if action == END_SESSIONS:
        return organization.state == OrganizationState.ACTIVE
    return states.permits(organization, action)


def move(request: Request, pk: UUID, *, step: Step) -> HttpResponse:
    """Ask for the reason, then take the step."""
    organization = _organization(request, pk)
    form = OrganizationStateForm(request.POST if request.method == "POST" else None)

    def take() -> HttpResponse:
        step.service(request.actor, organization, reason=form.cleaned_data["reason"])
        messages.success(request, f"{organization} {step.done}")
        return redirect(PAGE, object_id=pk)

    done, status = _submitted(form, take)
    if done:
        return done
    context = {"title": f"{step.label} {organization}", "label": step.label, "lead": step.consequence, "form": form}
    return _answer(request, organization, context, status=status)


def change_of_administrator(request: Request, pk: UUID) -> HttpResponse:
    """Replace an administrator who has left, with the consent of a colleague."""
    organization = _organization(request, pk)
    form = ChangeOfAdministratorForm(request.POST if request.method == "POST" else None, organization=organization)
    done, status = _submitted(form, lambda: _ask(request, organization, form.cleaned_data))
    if done:
        return done
    context = {
        "title": f"Change of administrator of {organization}",
        "label": "Ask for it",
        "lead": "For an organisation whose administrator has left or cannot be reached. Its administrators hear of it at "
        "once, and nothing happens until a second person of the operator has approved it.",
        "form": form,
    }
    return _answer(request, organization, context, status=status)


def profile(request: Request, pk: UUID) -> HttpResponse:
    """Edit the profile for the organisation; what the operator checks waits for a colleague."""
    organization = _organization(request, pk)
    form = EditForm(request.POST if request.method == "POST" else None, organization=organization)
    done, status = _submitted(form, lambda: _edited(request, organization, form), refused=form.show_current_version)
    if done:
        return done
    context = {
        "title": f"Profile of {organization}",
        "label": "Save",
        "lead": "Doing business as, business type, phone and website change at once. Everything else waits for the decision "
        "of a colleague, and the administrators hear of it.",
        "form": form,
    }
    return _answer(request, organization, context, status=status)


def _edited(request: Request, organization: Organization, form: EditForm) -> HttpResponse:
    data = form.cleaned_data
    edited = profiles.edit(
        request.actor, organization=organization, profile=form.profile(), message=data["message"], seen=data["seen"]
    )
    if edited.written:
        messages.success(request, f"Saved: {profile_changes.labels(edited.written)}.")
    if edited.request:
        messages.info(request, "Asked for. A colleague has to approve it; you cannot.")
        return redirect("admin:orgs_changerequest_change", object_id=edited.request.pk)
    return redirect(PAGE, object_id=organization.pk)


def _ask(request: Request, organization: Organization, data: dict[str, Any]) -> HttpResponse:
    candidate = data["candidate"]
    change = change_requests.ask_for_administrators(
        request.actor,
        organization=organization,
        message=data["message"],
        appoint=[candidate] if candidate else [],
        dismiss=list(data["dismiss"]),
    )
    messages.success(request, "Asked for. A colleague has to approve it; you cannot.")
    return redirect("admin:orgs_changerequest_change", object_id=change.pk)


def _organization(request: Request, pk: UUID) -> Organization:
    found = access.any_organization(request.actor, pk)
    _may(request, found).enforce()
    return found


def _may(request: Request, organization: Organization) -> Decision:
    is_member = queries.is_member(organization, request.actor.user_id)
    return policies.can_stop_organization(request.actor, is_member=is_member)


def _submitted(
    form: forms.Form, act: Callable[[], HttpResponse], *, refused: Callable[[], None] | None = None
) -> tuple[HttpResponse | None, int]:
    """The answer to a posted form once ``act`` was done; else nothing, and the status with which the page is shown again."""
    if not form.is_bound:
        return None, 200
    if not form.is_valid():
        return None, Invalid.status
    try:
        return act(), 200
    except DomainError as refusal:
        status = _show(form, refusal)
        if refused:
            refused()
        return None, status


def _show(form: forms.Form, refusal: DomainError) -> int:
    """Put a refusal into the form; the status of the answer."""
    if isinstance(refusal, Invalid):
        show_refusal(form, refusal)
    elif isinstance(refusal, Conflict | TooMany):
        form.add_error(None, refusal.sentence)
    else:
        raise refusal
    return refusal.status


def _answer(request: Request, organization: Organization, context: dict[str, Any], *, status: int) -> HttpResponse:
    around = {"organization": organization, **context}
    return desk_page(request, "admin/orgs/organization/step.html", Organization, around, status=status)
