"""Changes of organisations: the list by due time, one page for each, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core import back_office
from core.admin import ReadOnlyAdmin, desk_page, key
from core.errors import DomainError, Invalid
from core.forms import show_refusal
from core.http import Request
from core.templatetags.ui import NOTHING, until, when
from orgs import access, policies, profile_changes, queries, timelines
from orgs.forms.change_requests import DecisionForm
from orgs.models import ChangeRequest, ChangeRequestState, Role
from orgs.services import change_decisions, change_notices, change_requests

LIST, PAGE = "admin:orgs_changerequest_changelist", "admin:orgs_changerequest_change"

back_office.counter(
    "Changes to decide", LIST, lambda actor: access.change_requests(actor).filter(state="requested").count(), order=20
)


class QueueFilter(admin.SimpleListFilter):
    """What waits for a decision, unless something else is asked for."""

    title = "state"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        ended = [state for state in ChangeRequestState if state != ChangeRequestState.REQUESTED]
        return [
            ("overdue", "Overdue"),
            ("mine", "Mine"),
            *((state.value, state.label) for state in ended),
            ("all", "All"),
        ]

    def choices(self, changelist: Any) -> Any:
        """The same as Django's, with the name of what is shown when nothing is chosen."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Waiting for a decision"}, *others]

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
class ChangeRequestAdmin(ReadOnlyAdmin):
    """The queue of changes, by due time, and one page for each with old and new side by side."""

    list_display = ("company", "what", "asked_by", "asked", "due", "assignee", "state")
    list_filter = (QueueFilter,)
    search_fields = ("organization__legal_name__icontains", "=organization__organization_id")
    search_help_text = "Part of the organisation’s name; a whole Organization ID"
    ordering = ("due_at", "id")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChangeRequest]:
        return access.change_requests(request.actor)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        posted: dict[str, Callable[..., HttpResponse]] = {
            "approve": self.approve,
            "deny": self.deny,
            "claim": self.claim,
            "release": self.release,
            "withdraw": self.withdraw,
        }
        buttons = [
            path(
                f"<uuid:pk>/{verb}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"orgs_changerequest_{verb}",
            )
            for verb, view in posted.items()
        ]
        return [*buttons, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "Changes of organisations"})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        seen = cast("Request", request)
        return self._page(seen, access.change_request(seen.actor, key(object_id)), DecisionForm())

    def approve(self, request: Request, pk: UUID) -> HttpResponse:
        return self._done(request, pk, change_decisions.approve, "Approved. The mails are on their way.")

    def claim(self, request: Request, pk: UUID) -> HttpResponse:
        """Take it on; with ``force`` posted, over from a colleague."""
        force = bool(request.POST.get("force"))
        return self._done(
            request, pk, lambda actor, change: change_requests.claim(actor, change, force=force), "Yours now."
        )

    def release(self, request: Request, pk: UUID) -> HttpResponse:
        return self._done(request, pk, change_requests.release, "Released.")

    def withdraw(self, request: Request, pk: UUID) -> HttpResponse:
        return self._done(request, pk, change_requests.withdraw, "Withdrawn. Everything stays as it is.")

    def deny(self, request: Request, pk: UUID) -> HttpResponse:
        change = access.change_request(request.actor, pk)
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self._page(request, change, form, status=Invalid.status)
        try:
            change_decisions.deny(request.actor, change, reason=form.cleaned_data["reason"])
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._page(request, change, form, status=refusal.status)
        except DomainError as refusal:
            return self._refused(request, pk, refusal)
        messages.success(request, "Denied. The reason is on its way to the administrators.")
        return redirect(LIST)

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

    def _done(
        self, request: Request, pk: UUID, act: Callable[[Any, ChangeRequest], ChangeRequest], sentence: str
    ) -> HttpResponse:
        change = access.change_request(request.actor, pk)
        try:
            act(request.actor, change)
        except DomainError as refusal:
            return self._refused(request, pk, refusal)
        messages.success(request, sentence)
        return redirect(PAGE, object_id=pk)

    def _refused(self, request: Request, pk: UUID, refusal: DomainError) -> HttpResponse:
        """The page as it is now, with why nothing was done."""
        messages.warning(request, refusal.sentence)
        return self._page(request, access.change_request(request.actor, pk), DecisionForm(), status=refusal.status)

    def _page(self, request: Request, change: ChangeRequest, form: DecisionForm, *, status: int = 200) -> HttpResponse:
        policies.can_see_changes(request.actor).enforce()
        is_member = queries.is_member(change.organization, request.actor.user_id)
        is_open = change.state == ChangeRequestState.REQUESTED
        shown = profile_changes.shown(change.profile, organization=change.organization if is_open else None)
        context = {
            "title": str(change),
            "change": change,
            "is_open": is_open,
            "is_overdue": change.is_overdue,
            "is_mine": change.assigned_to_id is not None and change.assigned_to_id == request.actor.user_id,
            "fields": shown,
            "is_stale": any(entry.is_stale for entry in shown),
            "people": [{**entry, "words": change_notices.ACTIONS[entry["action"]]} for entry in change.administrators],
            "administrators": queries.role_holders(change.organization, Role.OA),
            "alike": change_requests.likenesses(change) if is_open else [],
            "may_decide": policies.can_decide_change(request.actor, change, is_member=is_member),
            "may_withdraw": policies.can_withdraw_change(request.actor, change),
            "history": timelines.history(change),
            "form": form,
        }
        return desk_page(request, "admin/orgs/changerequest/detail.html", ChangeRequest, context, status=status)
