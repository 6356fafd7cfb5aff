"""Organisations, their members and the applications, as operator staff see them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, URLField
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from core.admin import ReadOnlyAdmin
from core.http import Request
from orgs import timelines
from orgs.admin import organization_actions
from orgs.models import Application, Membership, MembershipState, Organization


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ("legal_name", "organization_id", "country", "state", "active_members", "created_at")
    list_filter = ("state", "created_at")
    search_fields = ("legal_name__istartswith", "=organization_id", "=uei", "=cage", "=duns")
    search_help_text = "Start of a name; a whole Organization ID, UEI, CAGE or D-U-N-S"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    change_form_template = "admin/orgs/organization/change_form.html"
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        members = Membership.objects.filter(organization=OuterRef("pk"), state=MembershipState.ACTIVE).order_by()
        count = members.values("organization").annotate(count=Count("pk")).values("count")
        organizations: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = organizations.annotate(member_count=Coalesce(Subquery(count), 0))
        return counted

    def get_urls(self) -> list[URLPattern]:
        return [*organization_actions.urls(self.admin_site.admin_view), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        organization = self.get_object(request, object_id)
        added: dict[str, Any] = {}
        if organization is not None:
            tools = organization_actions.tools(cast("Request", request), organization)
            added = {"tools": tools, "history": timelines.history(organization)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **added})

    @admin.display(description="Active members")
    def active_members(self, organization: Any) -> int:
        count: int = organization.member_count
        return count


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "organization", "held_roles", "state", "created_at")
    list_filter = ("state", "roles__role", "created_at")
    list_select_related = ("user", "organization")
    search_fields = ("=user__user_id", "user__email__istartswith", "user__last_name__istartswith")
    search_help_text = "A whole User ID; start of an e-mail address or of a last name"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).prefetch_related("roles__application")

    @admin.display(description="Roles")
    def held_roles(self, membership: Membership) -> str:
        return ", ".join(str(assignment) for assignment in membership.roles.all()) or "–"


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "description")
