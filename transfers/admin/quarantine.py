"""Files in quarantine: the list of what waits, one page for each, and its buttons. Nobody sees a file's name here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts.decorators import confirmed
from core import back_office
from core.admin import ReadOnlyAdmin, desk_page, key
from core.errors import Conflict, DomainError, Invalid
from core.forms import show_refusal
from core.http import Request
from core.templatetags.ui import size as readable
from transfers import policies
from transfers.models import QuarantinedUpload, Upload, UploadState
from transfers.services import quarantine

LIST, PAGE = "admin:transfers_quarantinedupload_changelist", "admin:transfers_quarantinedupload_change"

back_office.counter(
    "Files in quarantine",
    LIST,
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


class WaitingFilter(admin.SimpleListFilter):
    """What waits for somebody, unless something else is asked for."""

    title = "decision"
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("decided", "Decided"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The same as Django's, with the name of what is shown when nothing is chosen."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Waiting"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> QuerySet[Upload]:  # noqa: ARG002 - Django's signature
        if self.value() == "all":
            return queryset
        if self.value() == "decided":
            return queryset.exclude(state=UploadState.QUARANTINED)
        return queryset.filter(state=UploadState.QUARANTINED)


@admin.register(QuarantinedUpload)
class QuarantineAdmin(ReadOnlyAdmin):
    list_display = ("completed_at", "scan_finding", "owner", "readable_size", "state", "asked_by")
    list_filter = (WaitingFilter,)
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__user_id__startswith", "scan_finding__istartswith")
    search_help_text = "A whole upload id; start of a User ID or of what was found"
    ordering = ("-completed_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedUpload]:
        return super().get_queryset(request).prefetch_related("releases__asked_by")

    def get_urls(self) -> list[URLPattern]:
        posted: dict[str, Callable[..., HttpResponse]] = {
            "ask": self.ask,
            "release": self.release,
            "refuse": self.refuse,
            "condemn": self.condemn,
        }
        buttons = [
            path(
                f"<uuid:pk>/{verb}/",
                self.admin_site.admin_view(require_POST(confirmed(view))),
                name=f"transfers_quarantinedupload_{verb}",
            )
            for verb, view in posted.items()
        ]
        return [*buttons, *super().get_urls()]

    @admin.display(description="size", ordering="size")
    def readable_size(self, upload: QuarantinedUpload) -> str:
        return readable(upload.size)

    @admin.display(description="release asked by")
    def asked_by(self, upload: QuarantinedUpload) -> str:
        asked = [release for release in upload.releases.all() if release.state == "asked"]
        return str(asked[0].asked_by) if asked else "–"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """One file. What is typed here must not be lost to “Confirm it is you”, so that comes before the page."""
        upload = _upload(key(object_id))
        if upload.state != UploadState.QUARANTINED:
            return _page(cast("Request", request), upload)
        return cast("HttpResponse", _confirmed_page(cast("Request", request), upload))

    def ask(self, request: Request, pk: UUID) -> HttpResponse:
        return _decided(
            request,
            pk,
            "asking",
            lambda upload, why: quarantine.ask(request.actor, upload=upload, reason=why),
            "Asked. A colleague has to release the file; you cannot.",
        )

    def release(self, request: Request, pk: UUID) -> HttpResponse:
        return _decided(
            request,
            pk,
            "releasing",
            lambda upload, why: quarantine.release(request.actor, asked=_asked(upload), reason=why),
            "Released. The file is stored, and whoever waited for it has been told.",
        )

    def refuse(self, request: Request, pk: UUID) -> HttpResponse:
        return _decided(
            request,
            pk,
            "refusing",
            lambda upload, why: quarantine.refuse(request.actor, asked=_asked(upload), reason=why),
            "Refused. The file stays in quarantine.",
        )

    def condemn(self, request: Request, pk: UUID) -> HttpResponse:
        return _decided(
            request,
            pk,
            "condemning",
            lambda upload, why: quarantine.condemn(request.actor, upload=upload, reason=why),
            "Deleted for good. Whoever sent the file has been told.",
        )


def _upload(pk: UUID) -> Upload:
    held = QuarantinedUpload.objects.only("pk").filter(pk=pk).values("pk")
    return get_object_or_404(Upload.objects.select_related("owner"), pk__in=held)


def _asked(upload: Upload) -> Any:
    """The open request. Raises ``Conflict`` where a colleague decided on it meanwhile."""
    asked = quarantine.open_release(upload)
    if asked is None:
        raise Conflict("There is no open request for this file’s release. Look at it again to see what was decided.")
    return asked


def _decided(
    request: Request, pk: UUID, name: str, act: Callable[[Upload, str], object], sentence: str
) -> HttpResponse:
    upload = _upload(pk)
    form = ReasonForm(request.POST, auto_id=f"{name}_%s")
    if not form.is_valid():
        return _page(request, upload, status=Invalid.status, **{name: form})
    try:
        act(upload, form.cleaned_data["reason"])
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(request, upload, status=refusal.status, **{name: form})
    except DomainError as refusal:
        messages.warning(request, refusal.sentence)
        return _page(request, _upload(pk), status=refusal.status)
    messages.success(request, sentence)
    return redirect(PAGE, object_id=pk)


def _page(request: Request, /, upload: Upload, *, status: int = 200, **posted: forms.Form) -> HttpResponse:
    asked = quarantine.open_release(upload)
    forms_by_name = {
        name: ReasonForm(auto_id=f"{name}_%s") for name in ("asking", "releasing", "refusing", "condemning")
    }
    context = {
        "title": f"Quarantine: {upload.scan_finding or upload.get_scan_display()}",
        "upload": upload,
        "is_held": upload.state == UploadState.QUARANTINED,
        "asked": asked,
        "history": upload.releases.select_related("asked_by", "decided_by").exclude(decided_by=None),
        "may_ask": policies.can_ask_release(request.actor, upload, asked),
        "may_decide": policies.can_decide_release(request.actor, asked) if asked else None,
        "may_condemn": policies.can_condemn(request.actor, upload, asked),
        **forms_by_name,
        **posted,
    }
    return desk_page(
        request, "admin/transfers/quarantinedupload/detail.html", QuarantinedUpload, context, status=status
    )


_confirmed_page = confirmed(_page)
