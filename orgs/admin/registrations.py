"""The operator's queue: registrations by due time, and one page for each with its decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core.admin import ReadOnlyAdmin
from core.errors import DomainError, NotFound
from core.http import Request
from core.templatetags.ui import until, when
from orgs import access, policies, queries, summaries, timelines
from orgs.forms.administration import DenialForm
from orgs.models import Registration, RegistrationState
from orgs.services import approval

WAITING = "waiting"


class QueueFilter(admin.SimpleListFilter):
    """What waits for a decision, unless something else is asked for."""

    title = "state"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        decided = (RegistrationState.APPROVED, RegistrationState.DENIED, RegistrationState.EXPIRED)
        return [("all", "All"), *((state.value, state.label) for state in decided)]

    def choices(self, changelist: Any) -> Any:
        """The same as Django's, with the name of what is shown when nothing is chosen."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Waiting for a decision"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:  # noqa: ARG002
        if self.value() == "all":
            return queryset
        if self.value():
            return queryset.filter(state=self.value())
        return queryset.filter(state__in=policies.UNDER_REVIEW)


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    """The queue, by due time, and one page for each registration with everything on it."""

    list_display = ("company", "where", "contact", "invited_by", "received", "due", "state")
    list_filter = (QueueFilter,)
    list_select_related = ("invitation__organization",)
    search_fields = ("legal_name__istartswith", "contact_email__istartswith", "=uei", "=cage", "=duns", "=id")
    search_help_text = "Start of a name or of the contact’s e-mail; a whole UEI, CAGE, D-U-N-S or id"
    ordering = ("due_at", "id")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return access.registrations(request.actor)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        approve = path("<uuid:pk>/approve/", self._posted(self.approve), name="orgs_registration_approve")
        deny = path("<uuid:pk>/deny/", self._posted(self.deny), name="orgs_registration_deny")
        return [approve, deny, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "Registrations"})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        seen = cast("Request", request)
        return self._detail(seen, self._find(seen, object_id), DenialForm())

    def approve(self, request: Request, pk: UUID) -> HttpResponse:
        registration = access.registration(request.actor, pk)
        try:
            organization = approval.approve(request.actor, registration)
        except DomainError as refusal:
            messages.warning(request, refusal.sentence)
        else:
            messages.success(
                request, f"{organization} is approved as {organization.organization_id}. The mails are on their way."
            )
        return redirect("admin:orgs_registration_change", object_id=pk)

    def deny(self, request: Request, pk: UUID) -> HttpResponse:
        registration = access.registration(request.actor, pk)
        form = DenialForm(request.POST)
        if not form.is_valid():
            return self._detail(request, registration, form)
        try:
            approval.deny(request.actor, registration, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            messages.warning(request, refusal.sentence)
        else:
            messages.success(request, f"{registration} is denied. The reason is on its way to the registrant.")
        return redirect("admin:orgs_registration_change", object_id=pk)

    @admin.display(description="Organisation", ordering="legal_name")
    def company(self, registration: Registration) -> str:
        return registration.legal_name

    @admin.display(description="Country", ordering="country")
    def where(self, registration: Registration) -> str:
        return str(registration.country.name)

    @admin.display(description="Primary contact")
    def contact(self, registration: Registration) -> str:
        return f"{registration.contact_name}, {registration.contact_email}"

    @admin.display(description="Invited by")
    def invited_by(self, registration: Registration) -> str:
        return str(registration.invitation.organization) if registration.invitation else "–"

    @admin.display(description="Received", ordering="submitted_at")
    def received(self, registration: Registration) -> SafeString | str:
        return when(registration.submitted_at)

    @admin.display(description="Due", ordering="due_at")
    def due(self, registration: Registration) -> SafeString | str:
        waits = registration.state in policies.UNDER_REVIEW
        if waits and registration.due_at and registration.due_at < timezone.now():
            return format_html('<strong class="overdue">{} · overdue</strong>', until(registration.due_at))
        return until(registration.due_at)

    def _posted(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        return self.admin_site.admin_view(require_POST(view))

    def _find(self, request: Request, object_id: str) -> Registration:
        try:
            return access.registration(request.actor, UUID(object_id))
        except ValueError as error:
            raise NotFound from error

    def _detail(self, request: Request, registration: Registration, form: DenialForm) -> HttpResponse:
        policies.can_see_registrations(request.actor).enforce()
        named = list(queries.administrators_named(registration))
        is_waiting = registration.state == RegistrationState.SUBMITTED
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(registration),
            "registration": registration,
            "sections": summaries.of_registration(registration),
            "entries": timelines.of_registration(registration),
            "known": queries.users_by_email([person.email for person in named]) if is_waiting else [],
            "decision": policies.can_decide(
                request.actor,
                registration,
                decider_email=request.user.email,  # type: ignore[union-attr]
                named_emails=[person.email for person in named],
            ),
            "is_waiting": is_waiting,
            "history": timelines.history(registration),
            "form": form,
        }
        return TemplateResponse(request, "admin/orgs/registration/detail.html", context)
