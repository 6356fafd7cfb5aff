"""Invitations, as operator staff see them."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from orgs.models import Invitation


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("company_name", "email", "organization", "state", "sent_at", "expires_at")
    list_filter = ("state", "created_at")
    list_select_related = ("organization",)
    search_fields = ("company_name__istartswith", "email__istartswith", "organization__legal_name__istartswith")
    search_help_text = "Start of the company’s name, of the address, or of the inviting organisation’s name"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
