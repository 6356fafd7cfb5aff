"""What the queue can be narrowed to: its parts, which are tabs, and the choices of its toolbar."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django_countries import countries

from core.http import Request
from orgs import queries, queue
from orgs.models import Application, Flag, MatchKind, Registration

Rows = QuerySet[Registration]


class ScopeFilter(admin.SimpleListFilter):
    """The part of the queue; what waits for the operator unless something else is asked for."""

    title = "part of the queue"
    parameter_name = "queue"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(scope.name, scope.label) for scope in queue.scopes() if scope.name]

    @property
    def scope(self) -> queue.Scope:
        """The one that was asked for; an unknown name is what waits."""
        return next((scope for scope in queue.scopes() if scope.name == (self.value() or "")), queue.WAITING)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(queue.in_scope(self.scope, cast("Request", request).actor))


class CountryFilter(admin.SimpleListFilter):
    title = "country"
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(code, str(name)) for code, name in countries]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        return queryset.filter(country=self.value()) if self.value() else queryset


class ApplicationFilter(admin.SimpleListFilter):
    title = "requested application"
    parameter_name = "application"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return list(Application.objects.order_by("name").values_list("code", "name"))

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        if not self.value():
            return queryset
        asked = Registration.applications.through.objects.filter(
            registration=OuterRef("pk"), application__code=self.value()
        )
        return queryset.filter(Exists(asked))


class WarningFilter(admin.SimpleListFilter):
    """A kind of likeness, or a flag."""

    title = "warning"
    parameter_name = "warning"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [*MatchKind.choices, *Flag.choices]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        value = self.value()
        if value in MatchKind.values:
            return queryset.filter(Exists(queries.current_matches().filter(registration=OuterRef("pk"), kind=value)))
        return queryset.filter(flags__contains=[value]) if value in Flag.values else queryset


class OutcomeFilter(admin.SimpleListFilter):
    """How it was decided, on the tabs that have what is decided."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        if request.GET.get(ScopeFilter.parameter_name) not in {queue.CLOSED.name, queue.ALL.name}:
            return []
        return [(state.value, str(state.label)) for state in queue.DECIDED]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        return queryset.filter(state=self.value()) if self.value() in queue.DECIDED else queryset
