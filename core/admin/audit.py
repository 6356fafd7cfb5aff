"""The audit trail of all organisations and the operator: list, one event, export, checks."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from core import back_office
from core.admin.base import ReadOnlyAdmin, desk_page, key
from core.audit import checks, exports, signing, trail, words
from core.audit.forms import StaffFilterForm
from core.errors import Invalid, NotFound
from core.http import Request, archive
from core.models import AuditCheck, AuditEvent
from core.pagination import paginate

LIST = "admin:core_auditevent_changelist"
SHOWN_CHECKS = 20


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("export/", guarded(require_POST(self.export)), name="core_auditevent_export"),
            path("checks/", guarded(self.checks), name="core_auditevent_checks"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        self._only_staff(request)
        form = StaffFilterForm(request.GET)
        if set(request.GET) - {*form.fields, "after"}:
            raise BadRequest
        page = paginate(self._found(form), cursor=request.GET.get("after", ""), by="at")
        context = {
            "title": "Audit trail",
            "filters": form,
            "page": page,
            "lines": words.lines(page.rows),
            "key": signing.public_key(),
            "export_url": reverse("admin:core_auditevent_export"),
            "check": checks.latest(),
        }
        status = Invalid.status if form.errors else 200
        return desk_page(request, "admin/core/audit/list.html", AuditEvent, context, status=status)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        self._only_staff(request)
        event = AuditEvent.objects.select_related("seal").filter(pk=key(object_id)).first()
        if event is None:
            raise NotFound
        (line,) = words.lines([event])
        context = {"title": line.what, "line": line, "facts": words.facts(event)}
        return desk_page(request, "admin/core/audit/event.html", AuditEvent, context)

    def export(self, request: Request) -> StreamingHttpResponse:
        """What the list shows with these filters, as a signed archive."""
        self._only_staff(request)
        form = StaffFilterForm(request.GET)
        asked = form.asked_exactly()
        pieces = exports.export(
            request.actor,
            self._found(form),
            asked=asked,
            form=exports.form_of(request.POST.get("format", "")),
            scope=str(form.cleaned_data.get("organization") or "everything"),
            whole=not asked.is_narrow,
        )
        return archive(pieces, name=exports.FILE_NAME)

    def checks(self, request: HttpRequest) -> HttpResponse:
        """The last checks; asking for one is a POST."""
        self._only_staff(request)
        if request.method == "POST":
            checks.ask(cast("Request", request).actor)
            messages.success(request, "The check is under way. Look here again in a moment.")
            return redirect("admin:core_auditevent_checks")
        context = {"title": "Checks of the audit trail", "checks": AuditCheck.objects.all()[:SHOWN_CHECKS]}
        return desk_page(request, "admin/core/audit/checks.html", AuditEvent, context)

    def _found(self, form: StaffFilterForm) -> Any:
        events = AuditEvent.objects.all() if form.chain is None else trail.of_chain(form.chain)
        return trail.found(events, form.asked())

    def _only_staff(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


back_office.counter(
    "Faults in the audit trail",
    "admin:core_auditevent_checks",
    lambda _: checks.faults_of_latest(),
    order=5,
    tone="danger",
)
