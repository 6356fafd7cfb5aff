"""The access tokens of programs, as the operator’s staff see and revoke them; the secrets are nowhere to be read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from accounts.admin.ending import EndingAdmin
from accounts.models import AccessToken
from accounts.services import access_tokens
from core.http import Request


@admin.register(AccessToken)
class AccessTokenAdmin(EndingAdmin):
    list_display = ("person", "called", "may", "created_at", "last_used_at", "last_used_ip", "expires_at", "standing")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__user_id__startswith", "user__email__startswith", "last_used_ip")
    search_help_text = "Start of a User ID or of an e-mail address; an address on the network"
    date_hierarchy = "created_at"
    verb = "revoke"

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
        return self.link(token, str(token)) if token.is_live else "Ended"

    def asking(self, row: AccessToken) -> str:
        return f"Revoke an access token of {row.user}"

    def done(self, row: AccessToken) -> str:
        return f"The access token {row} of {row.user} is revoked."

    def end_row(self, request: Request, row: AccessToken, reason: str) -> None:
        access_tokens.revoke(request.actor, token=row, reason=reason)
