"""Byte engine: how it stands, on one page; and the switch that parks all uploads."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import back_office
from core.admin import ReadOnlyAdmin, desk_page
from core.errors import Invalid
from core.http import Request
from transfers import engine
from transfers.models import Maintenance, Node, Scan, Upload, UploadState
from transfers.services import maintenance

OVERVIEW, SWITCH = "admin:transfers_engine", "admin:transfers_maintenance_changelist"

back_office.counter(
    "Files that wait for the malware scanner",
    OVERVIEW,
    lambda _: Upload.objects.filter(scan=Scan.WAITING, state=UploadState.VERIFYING).count(),
    order=28,
)
back_office.counter(
    "Maintenance: uploads are parked",
    SWITCH,
    lambda _: Maintenance.objects.count(),
    order=5,
    tone="danger",
)


class MaintenanceForm(forms.Form):
    message = forms.CharField(
        label="What senders are told",
        initial=maintenance.WORDS,
        max_length=300,
        error_messages={"required": "Say in a sentence what senders have to know."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    until = forms.DateTimeField(
        label="Expected end",
        required=False,
        help_text="As in 2027-03-01 18:30, in your own time zone. Empty: nothing is said. It does not end by itself.",
    )

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError("This has passed already. Give a time to come, or leave it empty.")
        return until


@admin.register(Node)
class NodeAdmin(ReadOnlyAdmin):
    list_display = ("name", "seen_at", "unanswered")

    def get_urls(self) -> list[URLPattern]:
        overview = self.admin_site.admin_view(require_safe(self.overview))
        return [path("engine/", overview, name="transfers_engine"), *super().get_urls()]

    def overview(self, request: Request) -> HttpResponse:
        context = {
            "title": "Byte engine",
            "nodes": engine.nodes(),
            "backlog": engine.backlog(),
            "queues": engine.queues(),
            "scanner": engine.scanner_facts(),
            "kernel": engine.kernel(),
            "maintenance": Maintenance.objects.first(),
        }
        return desk_page(request, "admin/transfers/engine.html", Node, context)


@admin.register(Maintenance)
class MaintenanceAdmin(ReadOnlyAdmin):
    """One page instead of a list of at most one row."""

    def get_urls(self) -> list[URLPattern]:
        page, end = (self.admin_site.admin_view(view) for view in (self.changelist_view, require_POST(self.end)))
        return [
            path("", page, name="transfers_maintenance_changelist"),
            path("end/", end, name="transfers_maintenance_end"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        current = Maintenance.objects.select_related("begun_by").first()
        asked = cast("Request", request)
        shown = {"message": current.message, "until": current.until} if current else None
        form = MaintenanceForm(request.POST) if request.method == "POST" else MaintenanceForm(initial=shown)
        if form.is_bound and form.is_valid():
            maintenance.begin(asked.actor, message=form.cleaned_data["message"], until=form.cleaned_data["until"])
            messages.success(request, "Uploads are parked. What has arrived goes on into the store.")
            return redirect(SWITCH)
        context = {"title": "Maintenance", "current": current, "form": form}
        status = Invalid.status if form.is_bound else 200
        return desk_page(request, "admin/transfers/maintenance.html", Maintenance, context, status=status)

    def end(self, request: Request) -> HttpResponse:
        maintenance.end(request.actor)
        messages.success(request, "Maintenance has ended. Uploads go on by themselves, each with the time it had left.")
        return redirect(SWITCH)
