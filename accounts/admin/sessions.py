"""Who is signed in now, as the operator's staff see and end it. No page, address or form of it holds a session's key."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.admin.ending import EndingAdmin
from accounts.models import Session
from accounts.services import sessions
from core.http import Request


@admin.register(Session)
class SessionAdmin(EndingAdmin):
    list_display = ("person", "browser", "address", "signed_in_at", "last_seen_at", "end_link")
    list_filter = ("user__is_staff",)
    search_fields = ("user__user_id__startswith", "user__email__startswith", "ip")
    search_help_text = "Start of a User ID or of an e-mail address; an address on the network"
    date_hierarchy = "signed_in_at"
    ordering = ("-last_seen_at",)
    verb = "end"
    public_key = "public_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        live: QuerySet[Session] = super().get_queryset(request).filter(signed_in_at__isnull=False)
        return live.filter(expire_date__gt=timezone.now())

    @admin.display(description="Browser", ordering="device")
    def browser(self, session: Session) -> str:
        return session.device or "–"

    @admin.display(description="Address", ordering="ip")
    def address(self, session: Session) -> str:
        return session.ip or "–"

    @admin.display(description="")
    def end_link(self, session: Session) -> SafeString:
        return self.link(session, f"the session of {session.user}")

    def asking(self, row: Session) -> str:
        return f"End the session of {row.user}"

    def done(self, row: Session) -> str:
        return f"The session of {row.user} has ended."

    def end_row(self, request: Request, row: Session, reason: str) -> None:
        sessions.end_one(request.actor, session=row, reason=reason)
