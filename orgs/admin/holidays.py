"""The operator's days off: single ones, and a whole year pasted at once."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.formats import date_format

from core.admin import DeskAdmin, desk_page
from core.errors import Invalid
from core.http import Request
from orgs.forms.holidays import HolidayForm, HolidaysForm
from orgs.models import Holiday
from orgs.services import holidays


@admin.register(Holiday)
class HolidayAdmin(DeskAdmin):
    """Every change goes through the service, which writes the audit trail."""

    form = HolidayForm
    list_display = ("day", "weekday", "name")
    search_fields = ("name",)
    date_hierarchy = "day"
    ordering = ("-day",)
    show_full_result_count = False

    @admin.display(description="Weekday")
    def weekday(self, holiday: Holiday) -> str:
        return str(date_format(holiday.day, "l"))

    def get_urls(self) -> list[URLPattern]:
        paste = self.admin_site.admin_view(self.paste)
        return [path("paste/", paste, name="orgs_holiday_paste"), *super().get_urls()]

    def paste(self, request: Request) -> HttpResponse:
        form = HolidaysForm(request.POST or None)
        if form.is_valid():
            days = form.cleaned_data["lines"]
            added = holidays.add_many(request.actor, days)
            there = len(days) - len(added)
            messages.success(
                request,
                f"{len(added)} added." + (f" {there} stood in the list already and stay as they are." if there else ""),
            )
            return redirect("admin:orgs_holiday_changelist")
        context = {"title": "Paste holidays", "form": form}
        status = Invalid.status if form.errors else 200
        return desk_page(request, "admin/orgs/holiday/paste.html", Holiday, context, status=status)

    def save_model(self, request: HttpRequest, obj: Holiday, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        holidays.save(cast("Request", request).actor, obj)

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        holidays.remove(cast("Request", request).actor, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> None:
        holidays.remove(cast("Request", request).actor, queryset)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, **options)
        if context["errors"]:
            response.status_code = Invalid.status
        return response
