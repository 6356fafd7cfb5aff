"""The access tokens of programs, as the operator’s staff see and revoke them; the secrets are nowhere to be read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.forms.sessions import EndSessionForm
from accounts.models import AccessToken
from accounts.services import access_tokens
from core.admin import ReadOnlyAdmin, desk_page
from core.errors import Invalid, NotFound
from core.http import Request


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyAdmin):
    list_display = ("person", "called", "may", "created_at", "last_used_at", "last_used_ip", "expires_at", "standing")
    list_display_links = None
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__user_id__startswith", "user__email__startswith", "last_used_ip")
    search_help_text = "Start of a User ID or of an e-mail address; an address on the network"
    date_hierarchy = "created_at"
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The list says all there is."""
        return obj is None and super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke)
        return [
            path("", self.admin_site.admin_view(self.changelist_view), name="accounts_accesstoken_changelist"),
            path("<uuid:pk>/revoke/", revoke, name="accounts_accesstoken_revoke"),
        ]

    @admin.display(description="Person", ordering="user__user_id")
    def person(self, token: AccessToken) -> str:
        return str(token.user)

    @admin.display(description="Token", ordering="name")
    def called(self, token: AccessToken) -> str:
        return str(token)

    @admin.display(description="May")
    def may(self, token: AccessToken) -> str:
        return ", ".join(token.abilities)

    @admin.display(description="State")
    def standing(self, token: AccessToken) -> str | SafeString:
        """Why it was revoked, that it ran out, or the way to revoke it."""
        if token.revoked_at:
            return f"Revoked: {token.ended_reason}"
        if not token.is_live:
            return "Ended"
        address = reverse("admin:accounts_accesstoken_revoke", args=[token.pk])
        return format_html('<a href="{}">Revoke<span class="visually-hidden"> {}</span></a>', address, token)

    def revoke(self, request: Request, pk: UUID) -> HttpResponse:
        """Ask for the reason, then revoke this one token."""
        token = AccessToken.objects.select_related("user").filter(pk=pk).first()
        if token is None:
            raise NotFound
        form = EndSessionForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            access_tokens.revoke(request.actor, token=token, reason=form.cleaned_data["reason"])
            messages.success(request, f"The access token {token} of {token.user} is revoked.")
            return redirect("admin:accounts_accesstoken_changelist")
        context: dict[str, Any] = {"title": f"Revoke an access token of {token.user}", "token": token, "form": form}
        status = Invalid.status if form.errors else 200
        return desk_page(request, "admin/accounts/accesstoken/revoke.html", AccessToken, context, status=status)
