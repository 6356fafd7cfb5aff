"""Lost second factors: the list of what waits, one page for each, and its buttons. Two persons agree, never one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts import policies, queries
from accounts.decorators import confirmed
from accounts.forms.factor_resets import DecisionForm, VouchForm
from accounts.models import FactorReset, FactorResetState
from accounts.ports import guardians
from accounts.services import factor_resets
from core import back_office, states
from core.admin import ReadOnlyAdmin, desk_page, key
from core.errors import DomainError, Invalid
from core.forms import show_refusal
from core.http import Request

LIST, PAGE = "admin:accounts_factorreset_changelist", "admin:accounts_factorreset_change"

back_office.counter(
    "Lost second factors",
    LIST,
    lambda _: FactorReset.objects.filter(state__in=queries.OPEN_RESETS).count(),
    order=25,
)


class WaitingFilter(admin.SimpleListFilter):
    """What waits for somebody, unless something else is asked for."""

    title = "state"
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [*((state.value, state.label) for state in FactorResetState), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The same as Django's, with the name of what is shown when nothing is chosen."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Waiting"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FactorReset]) -> QuerySet[FactorReset]:  # noqa: ARG002 - Django's signature
        if self.value() == "all":
            return queryset
        return queryset.filter(state__in=[self.value()] if self.value() else queries.OPEN_RESETS)


@admin.register(FactorReset)
class FactorResetAdmin(ReadOnlyAdmin):
    list_display = ("user", "state", "created_at", "expires_at", "vouched_by", "decided_by")
    list_filter = (WaitingFilter,)
    list_select_related = ("user", "vouched_by", "decided_by")
    search_fields = ("=user__user_id", "user__email__istartswith", "user__last_name__istartswith")
    search_help_text = "A whole User ID; start of an e-mail address or of a last name"
    ordering = ("created_at", "id")

    def get_urls(self) -> list[URLPattern]:
        posted: dict[str, Callable[..., HttpResponse]] = {
            "vouch": self.vouch,
            "complete": self.complete,
            "deny": self.deny,
        }
        buttons = [
            path(
                f"<uuid:pk>/{verb}/",
                self.admin_site.admin_view(require_POST(confirmed(view))),
                name=f"accounts_factorreset_{verb}",
            )
            for verb, view in posted.items()
        ]
        return [*buttons, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """One request. What is typed here must not be lost to “Confirm it is you”, so that comes before the page."""
        reset = _reset(key(object_id))
        if reset.state not in queries.OPEN_RESETS:
            return _page(cast("Request", request), reset)
        return cast("HttpResponse", _confirmed_page(cast("Request", request), reset))

    def vouch(self, request: Request, pk: UUID) -> HttpResponse:
        form = VouchForm(request.POST)
        return _decided(
            request,
            _reset(pk),
            lambda reset: factor_resets.vouch(request.actor, reset=reset, how=form.cleaned_data["how"]),
            "Confirmed. A colleague has to remove the second factors; you cannot.",
            vouching=form,
        )

    def complete(self, request: Request, pk: UUID) -> HttpResponse:
        form = DecisionForm(request.POST)
        return _decided(
            request,
            _reset(pk),
            lambda reset: factor_resets.complete(request.actor, reset=reset, reason=form.cleaned_data["reason"]),
            "Removed. Now they need a new One-Time Password, from their administrator or from the page of their account.",
            completing=form,
        )

    def deny(self, request: Request, pk: UUID) -> HttpResponse:
        form = DecisionForm(request.POST)
        return _decided(
            request,
            _reset(pk),
            lambda reset: factor_resets.deny(request.actor, reset=reset, reason=form.cleaned_data["reason"]),
            "Denied. The reason is on its way to them.",
            denying=form,
        )


def _reset(pk: UUID) -> FactorReset:
    return get_object_or_404(FactorReset.objects.select_related("user", "vouched_by", "decided_by"), pk=pk)


def _decided(
    request: Request,
    reset: FactorReset,
    act: Callable[[FactorReset], FactorReset],
    sentence: str,
    **posted: forms.Form,
) -> HttpResponse:
    (form,) = posted.values()
    if not form.is_valid():
        return _page(request, reset, status=Invalid.status, **posted)
    try:
        act(reset)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(request, reset, status=refusal.status, **posted)
    except DomainError as refusal:
        messages.warning(request, refusal.sentence)
        return _page(request, _reset(reset.pk), status=refusal.status)
    messages.success(request, sentence)
    return redirect(PAGE, object_id=reset.pk)


def _page(request: Request, /, reset: FactorReset, *, status: int = 200, **posted: forms.Form) -> HttpResponse:
    context = {
        "title": f"Lost second factor of {reset.user}",
        "reset": reset,
        "is_open": reset.state in queries.OPEN_RESETS,
        "is_vouched": states.permits(reset, "complete"),
        "contacts": guardians().contacts_of(reset.user),
        "may_vouch": factor_resets.can_vouch(request.actor, reset),
        "may_complete": policies.can_complete_reset(request.actor, reset),
        "may_deny": factor_resets.can_deny(request.actor, reset),
        "vouching": VouchForm(),
        "completing": DecisionForm(auto_id="complete_%s"),
        "denying": DecisionForm(auto_id="deny_%s"),
        **posted,
    }
    return desk_page(request, "admin/accounts/factorreset/detail.html", FactorReset, context, status=status)


_confirmed_page = confirmed(_page)
