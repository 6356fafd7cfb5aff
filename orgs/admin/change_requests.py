"""Changes of organisations: the list by due time, one page for each, and its buttons."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import back_office
from core.admin import DecisionAdmin, WaitingFilter
from core.http import Request
from core.templatetags.ui import NOTHING, until, when
from orgs import access, policies, profile_changes, queries, timelines
from orgs.forms.change_requests import DecisionForm
from orgs.models import ChangeRequest, ChangeRequestState, Role
from orgs.services import change_decisions, change_notices, change_requests

LIST = "admin:orgs_changerequest_changelist"

back_office.counter(
    "Changes to decide", LIST, lambda actor: access.change_requests(actor).filter(state="requested").count(), order=20
)


class QueueFilter(WaitingFilter):
    title = "state"
    parameter_name = "queue"
    unchosen = "Waiting for a decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        ended = [state for state in ChangeRequestState if state != ChangeRequestState.REQUESTED]
        return [
            ("overdue", "Overdue"),
            ("mine", "Mine"),
            *((state.value, state.label) for state in ended),
            ("all", "All"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
        waiting = queryset.filter(state=ChangeRequestState.REQUESTED)
        if self.value() == "all":
            return queryset
        if self.value() == "overdue":
            return waiting.filter(due_at__lt=timezone.now())
        if self.value() == "mine":
            return waiting.filter(assigned_to_id=request.user.pk)
        return queryset.filter(state=self.value()) if self.value() else waiting


@admin.register(ChangeRequest)
class ChangeRequestAdmin(DecisionAdmin):
    """The queue of changes, by due time, and one page for each with old and new side by side."""

    list_display = ("company", "what", "asked_by", "asked", "due", "assignee", "state")
    list_filter = (QueueFilter,)
    search_fields = ("organization__legal_name__icontains", "=organization__organization_id")
    search_help_text = "Part of the organisation’s name; a whole Organization ID"
    ordering = ("due_at", "id")
    list_per_page = 50
    verbs = ("approve", "deny", "claim", "release", "withdraw")
    decision_forms = {"denying": DecisionForm}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChangeRequest]:
        return access.change_requests(request.actor)  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "Changes of organisations"})

    @admin.display(description="Organisation", ordering="organization__legal_name")
    def company(self, change: ChangeRequest) -> str:
        return change.organization.legal_name

    @admin.display(description="Changes")
    def what(self, change: ChangeRequest) -> str:
        names = ", ".join(entry["name"] for entry in change.administrators)
        return f"Administrators: {names}" if names else profile_changes.labels(change.profile)

    @admin.display(description="Asked for by")
    def asked_by(self, change: ChangeRequest) -> str:
        staff = " (operator)" if change.requested_by_staff_id else ""
        return f"{change.requester.full_name}{staff}"

    @admin.display(description="Age", ordering="created_at")
    def asked(self, change: ChangeRequest) -> SafeString | str:
        return when(change.created_at)

    @admin.display(description="Due", ordering="due_at")
    def due(self, change: ChangeRequest) -> SafeString | str:
        if change.is_overdue:
            return format_html('<strong class="overdue">{} · overdue</strong>', until(change.due_at))
        return until(change.due_at)

    @admin.display(description="Assignee", ordering="assigned_to__last_name")
    def assignee(self, change: ChangeRequest) -> str:
        return change.assigned_to.full_name if change.assigned_to else NOTHING

    def find(self, request: Request, pk: UUID) -> ChangeRequest:
        return access.change_request(request.actor, pk)

    def is_open(self, thing: ChangeRequest) -> bool:
        return thing.state == ChangeRequestState.REQUESTED

    def facts(self, request: Request, thing: ChangeRequest) -> dict[str, Any]:
        policies.can_see_changes(request.actor).enforce()
        is_member = queries.is_member(thing.organization, request.actor.user_id)
        is_open = self.is_open(thing)
        shown = profile_changes.shown(thing.profile, organization=thing.organization if is_open else None)
        return {
            "title": str(thing),
            "change": thing,
            "is_overdue": thing.is_overdue,
            "is_mine": thing.assigned_to_id is not None and thing.assigned_to_id == request.actor.user_id,
            "fields": shown,
            "is_stale": any(entry.is_stale for entry in shown),
            "people": [{**entry, "words": change_notices.ACTIONS[entry["action"]]} for entry in thing.administrators],
            "administrators": queries.role_holders(thing.organization, Role.OA),
            "alike": change_requests.likenesses(thing) if is_open else [],
            "may_decide": policies.can_decide_change(request.actor, thing, is_member=is_member),
            "may_withdraw": policies.can_withdraw_change(request.actor, thing),
            "history": timelines.history(thing),
        }

    def approve(self, request: Request, pk: UUID) -> HttpResponse:
        act = partial(change_decisions.approve, request.actor)
        return self.decided(request, pk, act, "Approved. The mails are on their way.")

    def claim(self, request: Request, pk: UUID) -> HttpResponse:
        """Take it on; with ``force`` posted, over from a colleague."""
        act = partial(change_requests.claim, request.actor, force=bool(request.POST.get("force")))
        return self.decided(request, pk, act, "Yours now.")

    def release(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(request, pk, partial(change_requests.release, request.actor), "Released.")

    def withdraw(self, request: Request, pk: UUID) -> HttpResponse:
        act = partial(change_requests.withdraw, request.actor)
        return self.decided(request, pk, act, "Withdrawn. Everything stays as it is.")

    def deny(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            partial(change_decisions.deny, request.actor),
            "Denied. The reason is on its way to the administrators.",
            form="denying",
            onward=reverse(LIST),
        )
