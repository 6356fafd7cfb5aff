"""Who is signed in now, as the operator's staff see and end it. No page, address or form of it holds a session's key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.forms.sessions import EndSessionForm
from accounts.models import Session
from accounts.services import sessions
from core.admin import ReadOnlyAdmin, desk_page
from core.errors import Invalid, NotFound
from core.http import Request


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("person", "browser", "address", "signed_in_at", "last_seen_at", "end_link")
    list_display_links = None
    list_filter = ("user__is_staff",)
    list_select_related = ("user",)
    search_fields = ("user__user_id__startswith", "user__email__startswith", "ip")
    search_help_text = "Start of a User ID or of an e-mail address; an address on the network"
    date_hierarchy = "signed_in_at"
    ordering = ("-last_seen_at",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        live: QuerySet[Session] = super().get_queryset(request).filter(signed_in_at__isnull=False)
        return live.filter(expire_date__gt=timezone.now())

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The list only: the page of one would be found by its key."""
        return obj is None and super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        end = self.admin_site.admin_view(self.end)
        return [
            path("", self.admin_site.admin_view(self.changelist_view), name="accounts_session_changelist"),
            path("<uuid:public_id>/end/", end, name="accounts_session_end"),
        ]

    @admin.display(description="Person", ordering="user__user_id")
    def person(self, session: Session) -> str:
        return str(session.user)

    @admin.display(description="Browser", ordering="device")
    def browser(self, session: Session) -> str:
        return session.device or "–"

    @admin.display(description="Address", ordering="ip")
    def address(self, session: Session) -> str:
        return session.ip or "–"

    @admin.display(description="")
    def end_link(self, session: Session) -> str:
        address = reverse("admin:accounts_session_end", args=[session.public_id])
        return format_html(
            '<a href="{}">End<span class="visually-hidden"> the session of {}</span></a>', address, session.user
        )

    def end(self, request: Request, public_id: UUID) -> HttpResponse:
        """Ask for the reason, then end this one session."""
        session = self.get_queryset(request).select_related("user").filter(public_id=public_id).first()
        if session is None:
            raise NotFound
        form = EndSessionForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            sessions.end_one(request.actor, session=session, reason=form.cleaned_data["reason"])
            messages.success(request, f"The session of {session.user} has ended.")
            return redirect("admin:accounts_session_changelist")
        context: dict[str, Any] = {"title": f"End the session of {session.user}", "session": session, "form": form}
        status = Invalid.status if form.errors else 200
        return desk_page(request, "admin/accounts/session/end.html", Session, context, status=status)
