"""The operator's view of people. Passwords are neither shown nor chosen here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth import admin as _auth_admin  # noqa: F401 - registers groups
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.decorators import confirmed
from accounts.models import User
from accounts.services import locks, one_time_passwords, people, sessions
from core.admin import DeskAdmin
from core.errors import DomainError
from core.http import Request

# Permissions do not come from groups here: see ``accounts.backends``.
admin.site.unregister(Group)


class ReasonForm(ActionForm):
    reason = forms.CharField(required=False, max_length=500, label="Reason:")


@admin.register(User)
class UserAdmin(DeskAdmin):
    """Find people, see how they stand, keep them out or let them in again, and issue a One-Time Password."""

    list_display = ("user_id", "full_name", "email", "state", "last_login")
    list_filter = ("state", "is_staff", ("password_off_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user_id__startswith", "email__startswith", "last_name__istartswith")
    search_help_text = "Start of a User ID, an e-mail address or a last name"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    fields = (
        "user_id", "first_name", "last_name", "email", "phone", "state", "is_staff", "language", "time_zone", "last_login",
        "created_at", "failed_tries", "password_off_at",
    )  # fmt: skip
    readonly_fields = fields
    action_form = ReasonForm
    actions = ("suspend", "unsuspend", "end_sessions", "unlock")
    change_form_template = "admin/accounts/user/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "People"})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        nothing_to_save = {"title": "Account", "show_save": False, "show_save_and_continue": False}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **nothing_to_save})

    def get_urls(self) -> list[URLPattern]:
        issue = self.admin_site.admin_view(confirmed(self.issue_one_time_password))
        own = [path("<uuid:pk>/one-time-password/", issue, name="accounts_user_one_time_password")]
        return [*own, *super().get_urls()]

    @admin.action(description="Suspend (with the reason given here)", permissions=["change"])
    def suspend(self, request: Request, queryset: QuerySet[User]) -> None:
        reason = request.POST.get("reason", "")
        self._each(request, queryset, lambda user: people.suspend(request.actor, user=user, reason=reason), "suspended")

    @admin.action(description="Let in again", permissions=["change"])
    def unsuspend(self, request: Request, queryset: QuerySet[User]) -> None:
        reason = request.POST.get("reason", "")
        self._each(request, queryset, lambda user: people.unsuspend(request.actor, user=user, reason=reason), "let in")

    @admin.action(description="Unlock (with the reason given here)", permissions=["change"])
    def unlock(self, request: Request, queryset: QuerySet[User]) -> None:
        reason = request.POST.get("reason", "")
        self._each(request, queryset, lambda user: locks.unlock(request.actor, user=user, reason=reason), "unlocked")

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def end_sessions(self, request: Request, queryset: QuerySet[User]) -> None:
        reason = request.POST.get("reason", "")
        self._each(
            request, queryset, lambda user: sessions.end_for(request.actor, user=user, reason=reason), "signed out"
        )

    def issue_one_time_password(self, request: Request, pk: str) -> HttpResponse:
        """Ask on GET; on POST issue one and show it, this once, to the staff member who is to tell it."""
        user = get_object_or_404(User, pk=pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "person": user,
            "title": f"One-Time Password of {user}",
        }
        if request.method == "POST":
            secret = one_time_passwords.generate()
            secret_hash = one_time_passwords.hash_of(secret)
            context["issued"] = one_time_passwords.issue(request.actor, user=user, secret_hash=secret_hash)
            context["secret"] = secret
        return TemplateResponse(request, "admin/accounts/user/one_time_password.html", context)

    def _each(self, request: Request, people: QuerySet[User], act: Callable[[User], object], done: str) -> None:
        count = 0
        for user in people:
            try:
                act(user)
                count += 1
            except DomainError as refusal:
                messages.warning(request, f"{user}: {refusal.summary}")
        if count:
            messages.success(request, f"{count} {done}.")
