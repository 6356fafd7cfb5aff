"""The system-use notice and the terms: every version there was, who accepted it, and publishing the next one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts import queries
from accounts.forms.notices import NewVersionForm
from accounts.models import Notice, NoticeAcceptance, NoticeKind
from accounts.services import notices
from core.admin import ReadOnlyAdmin, desk_page
from core.errors import Conflict, Invalid
from core.forms import show_refusal
from core.http import Request

EFFECT = {
    NoticeKind.SYSTEM_USE: "Everybody sees the new version above their next sign-in, and accepts it by going on.",
    NoticeKind.TERMS: "Everybody is asked to accept the new version at their next sign-in; who is in goes on working.",
}


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Versions stay as they were accepted: a correction is another version."""

    list_display = ("version", "kind", "published_at", "published_by", "accepted_by")
    list_display_links = ("version",)
    list_filter = ("kind",)
    list_select_related = ("published_by",)
    fields = ("kind", "version", "text", "published_at", "published_by", "accepted_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        counted: QuerySet[Notice] = super().get_queryset(request).annotate(accepted=Count("acceptances"))
        return counted

    @admin.display(description="Accepted by", ordering="accepted")
    def accepted_by(self, notice: Any) -> str:
        address = reverse("admin:accounts_noticeacceptance_changelist")
        people = "1 person" if notice.accepted == 1 else f"{notice.accepted:,} people"
        return format_html('<a href="{}?notice__id__exact={}">{}</a>', address, notice.pk, people)

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(self.publish)
        return [path("publish/<str:kind>/", publish, name="accounts_notice_publish"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "Notices", "kinds": NoticeKind})

    def publish(self, request: Request, kind: str) -> HttpResponse:
        """The version in force to be rewritten, and on POST the next one in its place."""
        if kind not in NoticeKind:
            raise Http404
        current = queries.current_notice(NoticeKind(kind))
        in_force = {"text": current.text if current else "", "instead_of": current.version if current else 0}
        form = NewVersionForm(request.POST or None, initial=in_force)
        published = _published(request, kind, form)
        if published is None:
            context = {"form": form, "current": current, "effect": EFFECT[NoticeKind(kind)]}
            return _page(request, title=f"{NoticeKind(kind).label}: next version", **context)
        messages.success(request, f"{published} is in force. {EFFECT[NoticeKind(kind)]}")
        return redirect("admin:accounts_notice_changelist")


@admin.register(NoticeAcceptance)
class NoticeAcceptanceAdmin(ReadOnlyAdmin):
    """Who accepted what, when and from where."""

    list_display = ("created_at", "user", "notice", "ip")
    list_filter = ("notice__kind",)
    list_select_related = ("user", "notice")
    search_fields = ("user__user_id__startswith", "user__email__startswith")
    search_help_text = "Start of a User ID or an e-mail address"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = ("created_at", "user", "notice", "ip")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "notice__id__exact" or super().lookup_allowed(lookup, value, request)


def _published(request: Request, kind: str, form: NewVersionForm) -> Notice | None:
    if not form.is_valid():
        return None
    try:
        return notices.publish(request.actor, kind=kind, **form.cleaned_data)
    except Invalid as refusal:
        show_refusal(form, refusal)
    except Conflict as refusal:
        form.add_error(None, refusal.sentence)
        form.instead_of_what_is_in_force()
    return None


def _page(request: Request, **context: Any) -> HttpResponse:
    status = Invalid.status if context["form"].errors else 200
    return desk_page(request, "admin/accounts/notice/publish.html", Notice, context, status=status)
