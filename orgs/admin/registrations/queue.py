"""The list of the queue, ordered by due time."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.functional import cached_property

from core.admin import ReadOnlyAdmin, key
from core.http import Request
from orgs import access, queries, queue
from orgs.admin.registrations import bulk, calendar, columns, decisions, page
from orgs.admin.registrations.filters import (
    ApplicationFilter,
    CountryFilter,
    OutcomeFilter,
    ScopeFilter,
    WarningFilter,
)
from orgs.models import Registration

MOST_COUNTED = 2000
# The parts of the queue that grow for years.
LONG = (queue.CLOSED.name, queue.ALL.name)
LATEST_DECISION = F("decided_at").desc(nulls_last=True)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody would turn pages, so that a list of years costs no more than one of days."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Registration]", self.object_list)
        return rows.order_by()[:MOST_COUNTED].count()


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    """The queue, and one page for each registration with everything on it."""

    list_display = (
        columns.company, columns.contact, columns.invited_by, columns.age, columns.due, columns.complete,
        columns.warnings, columns.assignee,
    )  # fmt: skip
    list_filter = (ScopeFilter, CountryFilter, ApplicationFilter, WarningFilter, OutcomeFilter)
    list_select_related = ("invitation__organization", "assigned_to")
    search_fields = ("legal_name",)
    search_help_text = "Part of a name; a UEI, CAGE, D-U-N-S or tax ID; an e-mail address or domain; a reference"
    date_hierarchy = "submitted_at"
    ordering = ("due_at", "id")
    list_per_page = 50
    paginator = BoundedPaginator
    most_counted = MOST_COUNTED
    show_facets = admin.ShowFacets.NEVER
    actions = (bulk.claim, bulk.release, bulk.approve, bulk.deny)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return queue.with_matches(access.registrations(cast("Request", request).actor))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Registration],
        search_term: str,
    ) -> tuple[QuerySet[Registration], bool]:
        return queries.search_registrations(queryset, search_term), False

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """The state is a column where it is not the same for all; what is over has a decision instead of a due time."""
        scope = _scope(request)
        if scope == queue.MINE.name:
            return (*self.list_display, columns.standing)
        if scope not in LONG:
            return self.list_display
        shown = (one for one in self.list_display if one is not columns.complete)
        over = scope == queue.CLOSED.name
        return (*(columns.decided if over and one is columns.due else one for one in shown), columns.standing)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """What waits by due time; what is over, and everything, the newest first."""
        newest = {queue.CLOSED.name: LATEST_DECISION, queue.ALL.name: "-created_at"}.get(_scope(request))
        return (newest, "-id") if newest else self.ordering

    def get_sortable_by(self, request: HttpRequest) -> tuple[Any, ...]:
        """Among years of registrations only by what has an index."""
        if _scope(request) in LONG:
            return (columns.age, columns.decided)
        return self.get_list_display(request)

    def get_urls(self) -> list[URLPattern]:
        return [*decisions.urls(self.admin_site.admin_view), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counted = queue.counts(cast("Request", request).actor)
        context = {
            **(extra_context or {}),
            "title": "Registrations",
            "is_nav_sidebar_enabled": False,
            "calendar": calendar.of(request.GET) if _scope(request) in LONG else None,
            "tabs": [{"scope": scope, "count": counted.get(scope)} for scope in queue.scopes()],
        }
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        seen = cast("Request", request)
        return page.detail(seen, page.find(seen, key(object_id)))


def _scope(request: HttpRequest) -> str:
    return request.GET.get(ScopeFilter.parameter_name, "")
