"""Home, and what its buttons do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in, stepping_up
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.http import Request
from orgs import access as organizations
from orgs import queries as organization_queries
from orgs.catalogue import SFT
from orgs.models import Membership, RoleAssignment
from orgs.roles import is_organization_administrator
from sft import access, queries
from sft.services import access as accesses
from sft.services import launches, standing, subscriptions
from sft.views.guards import member

# Where each application that is built in opens.
ENTRANCES = {SFT: "sft:received"}


@dataclass(frozen=True, slots=True)
class Task:
    """What waits for the member, and how much of it."""

    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Administrator:
    """A member with everything they administer."""

    membership: Membership
    roles: tuple[str, ...]


@require_safe
@signed_in
def home(request: Request) -> HttpResponse:
    actor = request.actor
    if actor.is_staff:
        return redirect("admin:orgs_registration_changelist")
    if actor.membership_id is None:
        return render(request, "sft/home_nobody.html")
    organization = organizations.organization(actor)
    held = queries.administrators_by_role(organization.pk)
    standings = standing.all_for(actor, organization=organization, administrators=held)
    administrators = _administrators(held)
    context = {
        "standings": standings,
        "tasks": [task for task in _tasks(actor, standings) if task.count],
        "organization": organization,
        "administrators": administrators,
        "my_roles": _my_roles(actor, administrators),
    }
    return render(request, "sft/home.html", context)


@require_safe
@stepping_up
@member
def open_application(request: Request, code: str) -> HttpResponseBase:
    application = access.application(code)
    if code not in ENTRANCES:
        raise NotFound
    launches.open_application(request.actor, application=application)
    return redirect(ENTRANCES[code])


@require_POST
@member
def request_access(request: Request, code: str) -> HttpResponseBase:
    application = access.application(code)
    try:
        accesses.request(request.actor, application=application)
        messages.success(request, f"Access to {application} requested. You get a mail when it is decided.")
    except Conflict as refusal:
        messages.info(request, refusal.sentence)
    return redirect("sft:home")


@require_POST
@member
def request_subscription(request: Request, code: str) -> HttpResponseBase:
    application = access.application(code)
    try:
        subscriptions.request(request.actor, application=application)
        messages.success(request, f"Subscription to {application} requested. The operator will confirm it.")
    except Conflict as refusal:
        messages.info(request, refusal.sentence)
    return redirect("sft:home")


def _tasks(actor: Actor, standings: Sequence[standing.ApplicationStanding]) -> list[Task]:
    to_decide = queries.waiting(access.decidable_grants(actor))
    tasks = [Task("Requests to decide", to_decide.count(), reverse("sft:access-requests"))]
    if is_organization_administrator(actor):
        waiting = organization_queries.waiting_join_requests(actor).count()
        tasks.append(Task("Requests to join", waiting, reverse("orgs:join-requests")))
    if any(row.application.code == SFT and row.step == standing.Step.OPEN for row in standings):
        unfinished = queries.unfinished(actor)
        tasks += [
            Task("Unread packages", queries.unread_count(actor), reverse("sft:received")),
            Task("Sent packages that wait for files", unfinished.uploading, reverse("sft:sent")),
            Task("Drafts to finish", unfinished.drafts, reverse("sft:drafts")),
        ]
    return tasks


def _administrators(held: Sequence[RoleAssignment]) -> list[Administrator]:
    roles: dict[Membership, list[str]] = {}
    for assignment in held:
        of_what = f" · {assignment.application}" if assignment.application else ""
        roles.setdefault(assignment.membership, []).append(f"{assignment.get_role_display()}{of_what}")
    return [Administrator(membership, tuple(names)) for membership, names in roles.items()]


def _my_roles(actor: Actor, administrators: Sequence[Administrator]) -> list[str]:
    roles = [role for row in administrators if row.membership.pk == actor.membership_id for role in row.roles]
    if actor.has("can_invite"):
        roles.append("May invite companies")
    return roles or ["User"]
