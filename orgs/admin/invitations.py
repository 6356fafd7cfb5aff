"""Invitations: all of them, inviting for the operator or for an organisation, and one page for each with its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from core import states
from core.admin import ReadOnlyAdmin, desk_page, key
from core.errors import DomainError, Invalid, NotFound, TooMany
from core.forms import show_refusal
from core.http import Request
from core.templatetags.ui import until, when
from orgs import access, invitation_course, policies
from orgs.forms.invitations import StaffInvitationForm
from orgs.models import Invitation
from orgs.services import invitations

TEMPLATES = "admin/orgs/invitation"
LIST, PAGE = "admin:orgs_invitation_changelist", "admin:orgs_invitation_change"
Service = Callable[..., Invitation]
DONE = {
    "extend": "The link is good for the full time again.",
    "resend": "A new link is on its way. The old one no longer works.",
    "revoke": "The invitation is revoked. Its link no longer works.",
}
SERVICES: dict[str, Service] = {
    "extend": invitations.extend,
    "resend": invitations.resend,
    "revoke": invitations.revoke,
}


class InvitingFilter(admin.SimpleListFilter):
    title = "invited by"
    parameter_name = "inviting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("operator", "the operator"), ("organisation", "an organisation")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> QuerySet[Invitation]:  # noqa: ARG002 - Django's signature
        return queryset.filter(organization__isnull=self.value() == "operator") if self.value() else queryset


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("company_name", "email", "external_reference", "inviting", "state", "sent", "valid_until")
    list_filter = ("state", InvitingFilter, "applications", "created_at")
    list_select_related = ("organization", "invited_by__user", "invited_by_staff")
    search_fields = (
        "company_name__istartswith", "email__istartswith", "last_name__istartswith", "=external_reference",
        "organization__legal_name__istartswith",
    )  # fmt: skip
    search_help_text = (
        "Start of the company’s name, the address, the person’s last name or the inviting organisation’s name; a whole "
        "reference"
    )
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    actions = ("extend_chosen", "resend_chosen")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(policies.can_invite(cast("Request", request).actor))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        own = [
            path(f"<uuid:pk>/{name}/", guard(require_POST(_button(name))), name=f"orgs_invitation_{name}")
            for name in SERVICES
        ]
        return [*own, *super().get_urls()]

    def add_view(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override] # noqa: ARG002 - Django's signature
        policies.can_invite(request.actor).enforce()
        form = StaffInvitationForm(
            request.POST if request.method == "POST" else None,
            lookup=ForeignKeyRawIdWidget(Invitation._meta.get_field("organization").remote_field, self.admin_site),
        )
        status = 200
        if request.method == "POST":
            sent, status = _create(request, form)
            if sent:
                messages.success(request, f"The invitation to {sent.company_name} is on its way to {sent.email}.")
                return redirect(PAGE, object_id=sent.pk)
        context = {"title": "Invite a company", "form": form, "media": self.media + form.media}
        return desk_page(request, f"{TEMPLATES}/add.html", Invitation, context, status=status)

    def change_view(self, request: Request, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override] # noqa: ARG002 - Django's signature
        invitation = access.any_invitation(request.actor, key(object_id))
        context = {
            "title": str(invitation),
            "invitation": invitation,
            "applications": invitation.applications.all(),
            "next": invitation_course.next_step(invitation),
            "history": invitation_course.history(invitation),
            "mails": invitation_course.mails(invitation),
            "may_extend": invitation.is_open,
            "may_resend": states.permits(invitation, "resend"),
            "may_revoke": states.permits(invitation, "revoke"),
        }
        return desk_page(request, f"{TEMPLATES}/detail.html", Invitation, context)

    @admin.display(description="invited by", ordering="organization__legal_name")
    def inviting(self, invitation: Invitation) -> str:
        return f"{invitation.inviter.full_name}, {invitation.inviting_company}"

    @admin.display(description="sent", ordering="sent_at")
    def sent(self, invitation: Invitation) -> str:
        return when(invitation.sent_at)

    @admin.display(description="valid until", ordering="expires_at")
    def valid_until(self, invitation: Invitation) -> str:
        return until(invitation.expires_at) if invitation.is_open else "–"

    @admin.action(description="Extend", permissions=["view"])
    def extend_chosen(self, request: Request, queryset: QuerySet[Invitation]) -> None:
        _each(request, queryset, invitations.extend, "extended")

    @admin.action(description="Resend with a new link", permissions=["view"])
    def resend_chosen(self, request: Request, queryset: QuerySet[Invitation]) -> None:
        _each(request, queryset, invitations.resend, "sent again")


def _create(request: Request, form: StaffInvitationForm) -> tuple[Invitation | None, int]:
    """The invitation, or the status of the answer that shows what is wrong."""
    if not form.is_valid():
        return None, Invalid.status
    try:
        return invitations.create(request.actor, **form.cleaned_data), 200
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None, refusal.status
    except TooMany as refusal:
        form.add_error(None, refusal.sentence)
        return None, refusal.status


def _button(name: str) -> Callable[..., HttpResponse]:
    def press(request: Request, pk: UUID) -> HttpResponse:
        try:
            SERVICES[name](request.actor, access.any_invitation(request.actor, pk))
        except NotFound:
            raise
        except DomainError as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, DONE[name])
        return redirect(PAGE, object_id=pk)

    return press


def _each(request: Request, queryset: QuerySet[Invitation], service: Service, done: str) -> None:
    count = 0
    for invitation in queryset:
        try:
            service(request.actor, invitation)
            count += 1
        except DomainError as refusal:
            messages.warning(request, f"{invitation}: {refusal.sentence}")
    messages.success(request, f"{count} {done}.")
