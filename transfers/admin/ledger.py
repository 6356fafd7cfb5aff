"""The operator's view of uploads: read only, the ledger is the engine's own."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from transfers.models import Upload


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Uploads without their names: the operator runs the gateway and does not read what people send each other."""

    list_display = ("created_at", "owner", "size", "door", "state", "scan", "attempts", "last_error", "stored_at")
    list_select_related = ("owner",)
    list_filter = ("state", "door", "scan", "created_at")
    search_fields = ("=id", "=subject", "owner__user_id__startswith")
    search_help_text = "A whole upload id or id of what it is for, or the start of a User ID"
    date_hierarchy = "created_at"
    fields = (
        "id", "owner", "subject", "door", "concat", "size", "part_size", "state", "reason", "scan", "scan_finding", "sha256",
        "bucket", "storage_key", "created_at", "expires_at", "completed_at", "stored_at", "claimed_at", "attempts", "due_at",
        "last_error", "cleaned_at",
    )  # fmt: skip
