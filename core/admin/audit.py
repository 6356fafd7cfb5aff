from __future__ import annotations

from django.contrib import admin

from core.admin.base import ReadOnlyAdmin
from core.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_label", "action", "target_type", "target_id", "outcome")
    list_filter = ("outcome", "actor_kind", "at")
    search_fields = ("actor_label__startswith", "action__startswith", "=target_id", "=request_id")
    search_help_text = "Start of an actor or action, a whole object id or request id"
    date_hierarchy = "at"
