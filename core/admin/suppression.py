from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.base import ReadOnlyAdmin
from core.http import Request
from core.models import Suppression, SuppressionReason
from core.outbox import suppression


class EntryForm(forms.ModelForm):  # type: ignore[type-arg] # generic for the type checker only
    class Meta:
        model = Suppression
        fields = ("address", "note")

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).lower()


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Addresses that nothing is sent to. Adding one and taking one off are audited; nothing on an entry can be changed."""

    form = EntryForm
    list_display = ("address", "reason", "note", "added_by", "created_at")
    list_filter = ("reason", "created_at")
    search_fields = ("address__startswith",)
    search_help_text = "Start of an address, in small letters"
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_staff(request)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        return self._is_staff(request)

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's signature
        return ("address", "note") if obj is None else ("address", "reason", "note", "added_by", "created_at")

    def save_model(self, request: Request, obj: Suppression, form: Any, change: bool) -> None:  # type: ignore[override]  # noqa: ARG002, FBT001 - Django's signature
        entry = suppression.add(request.actor, address=obj.address, reason=SuppressionReason.BY_HAND, note=obj.note)
        obj.pk = entry.pk

    def delete_model(self, request: Request, obj: Suppression) -> None:  # type: ignore[override]
        suppression.lift(request.actor, obj)

    def delete_queryset(self, request: Request, queryset: QuerySet[Suppression]) -> None:  # type: ignore[override]
        for entry in queryset:
            suppression.lift(request.actor, entry)

    def _is_staff(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)
