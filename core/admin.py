"""The operator's view of the audit trail (read only) and of the outbox."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core import outbox
from core.errors import Conflict
from core.http import Request
from core.models import AuditEvent, Mail


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that are written by the gateway alone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_label", "action", "target_type", "target_id", "outcome")
    list_filter = ("outcome", "actor_kind", "at")
    search_fields = ("actor_label__startswith", "action__startswith", "=target_id", "=request_id")
    search_help_text = "Start of an actor or action, a whole object id or request id"
    date_hierarchy = "at"


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Mails without their words: the operator runs the gateway and does not read what people send each other."""

    list_display = ("created_at", "template", "to", "state", "attempts", "due_at", "sent_at", "last_error")
    list_filter = ("state", "template", "created_at")
    search_fields = ("to__startswith", "=id")
    search_help_text = "Start of an address, or a whole message id"
    date_hierarchy = "created_at"
    fields = (
        "id", "template", "to", "language", "organization_id", "state", "attempts", "created_at", "due_at", "claimed_at",
        "sent_at", "last_error",
    )  # fmt: skip
    actions = ("resend",)

    @admin.action(description="Send again what failed for good")
    def resend(self, request: Request, queryset: QuerySet[Mail]) -> None:
        queued = 0
        for mail in queryset:
            try:
                outbox.resend(request.actor, mail)
                queued += 1
            except Conflict as refusal:
                messages.warning(request, f"{mail}: {refusal.sentence}")
        messages.success(request, f"{queued} message(s) queued again.")
