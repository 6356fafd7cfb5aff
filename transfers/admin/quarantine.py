"""Files in quarantine: the list of what waits, one page for each, and its buttons. Nobody sees a file's name here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.decorators import confirmed
from core import back_office
from core.admin import DecisionAdmin, WaitingFilter
from core.errors import Conflict
from core.http import Request
from core.templatetags.ui import size as readable
from transfers import policies
from transfers.models import QuarantinedUpload, Upload, UploadState
from transfers.services import quarantine

back_office.counter(
    "Files in quarantine",
    "admin:transfers_quarantinedupload_changelist",
    lambda _: QuarantinedUpload.objects.filter(state=UploadState.QUARANTINED).count(),
    order=27,
    tone="danger",
)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=quarantine.LONGEST_REASON,
        error_messages={"required": quarantine.NO_REASON},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecidedFilter(WaitingFilter):
    title = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("decided", "Decided"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> QuerySet[Upload]:  # noqa: ARG002 - Django's signature
        if self.value() == "all":
            return queryset
        if self.value() == "decided":
            return queryset.exclude(state=UploadState.QUARANTINED)
        return queryset.filter(state=UploadState.QUARANTINED)


@admin.register(QuarantinedUpload)
class QuarantineAdmin(DecisionAdmin):
    list_display = ("completed_at", "scan_finding", "owner", "readable_size", "state", "asked_by")
    list_filter = (DecidedFilter,)
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__user_id__startswith", "scan_finding__istartswith")
    search_help_text = "A whole upload id; start of a User ID or of what was found"
    ordering = ("-completed_at", "-id")
    verbs = ("ask", "release", "refuse", "condemn")
    decision_forms = dict.fromkeys(("asking", "releasing", "refusing", "condemning"), ReasonForm)

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedUpload]:
        return super().get_queryset(request).prefetch_related("releases__asked_by")

    @admin.display(description="size", ordering="size")
    def readable_size(self, upload: QuarantinedUpload) -> str:
        return readable(upload.size)

    @admin.display(description="release asked by")
    def asked_by(self, upload: QuarantinedUpload) -> str:
        asked = [release for release in upload.releases.all() if release.state == "asked"]
        return str(asked[0].asked_by) if asked else "–"

    def guard(self, view: Callable[..., HttpResponse]) -> Any:
        return confirmed(view)

    def find(self, request: Request, pk: UUID) -> Upload:  # noqa: ARG002 - the signature of them all
        held = QuarantinedUpload.objects.only("pk").filter(pk=pk).values("pk")
        return get_object_or_404(Upload.objects.select_related("owner"), pk__in=held)

    def is_open(self, thing: Upload) -> bool:
        return thing.state == UploadState.QUARANTINED

    def facts(self, request: Request, thing: Upload) -> dict[str, Any]:
        asked = quarantine.open_release(thing)
        return {
            "title": f"Quarantine: {thing.scan_finding or thing.get_scan_display()}",
            "upload": thing,
            "asked": asked,
            "history": thing.releases.select_related("asked_by", "decided_by").exclude(decided_by=None),
            "may_ask": policies.can_ask_release(request.actor, thing, asked),
            "may_decide": policies.can_decide_release(request.actor, asked) if asked else None,
            "may_condemn": policies.can_condemn(request.actor, thing, asked),
        }

    def ask(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda upload, reason: quarantine.ask(request.actor, upload=upload, reason=reason),
            "Asked. A colleague has to release the file; you cannot.",
            form="asking",
        )

    def release(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda upload, reason: quarantine.release(request.actor, asked=_asked(upload), reason=reason),
            "Released. The file is stored, and whoever waited for it has been told.",
            form="releasing",
        )

    def refuse(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda upload, reason: quarantine.refuse(request.actor, asked=_asked(upload), reason=reason),
            "Refused. The file stays in quarantine.",
            form="refusing",
        )

    def condemn(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda upload, reason: quarantine.condemn(request.actor, upload=upload, reason=reason),
            "Deleted for good. Whoever sent the file has been told.",
            form="condemning",
        )


def _asked(upload: Upload) -> Any:
    """The open request. Raises ``Conflict`` where a colleague decided on it meanwhile."""
    asked = quarantine.open_release(upload)
    if asked is None:
        raise Conflict("There is no open request for this file’s release. Look at it again to see what was decided.")
    return asked
