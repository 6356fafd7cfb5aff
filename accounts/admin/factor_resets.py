"""Lost second factors: the list of what waits, one page for each, and its buttons. Two persons agree, never one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts import policies, queries
from accounts.decorators import confirmed
from accounts.forms.factor_resets import DecisionForm, VouchForm
from accounts.models import FactorReset, FactorResetState
from accounts.ports import guardians
from accounts.services import factor_resets
from core import back_office, states
from core.admin import DecisionAdmin, WaitingFilter
from core.http import Request

back_office.counter(
    "Lost second factors",
    "admin:accounts_factorreset_changelist",
    lambda _: FactorReset.objects.filter(state__in=queries.OPEN_RESETS).count(),
    order=25,
)


class StateFilter(WaitingFilter):
    title = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [*((state.value, state.label) for state in FactorResetState), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FactorReset]) -> QuerySet[FactorReset]:  # noqa: ARG002 - Django's signature
        if self.value() == "all":
            return queryset
        return queryset.filter(state__in=[self.value()] if self.value() else queries.OPEN_RESETS)


@admin.register(FactorReset)
class FactorResetAdmin(DecisionAdmin):
    list_display = ("user", "state", "created_at", "expires_at", "vouched_by", "decided_by")
    list_filter = (StateFilter,)
    list_select_related = ("user", "vouched_by", "decided_by")
    search_fields = ("=user__user_id", "user__email__istartswith", "user__last_name__istartswith")
    search_help_text = "A whole User ID; start of an e-mail address or of a last name"
    ordering = ("created_at", "id")
    verbs = ("vouch", "complete", "deny")
    decision_forms = {"vouching": VouchForm, "completing": DecisionForm, "denying": DecisionForm}

    def guard(self, view: Callable[..., HttpResponse]) -> Any:
        return confirmed(view)

    def find(self, request: Request, pk: UUID) -> FactorReset:  # noqa: ARG002 - the signature of them all
        return get_object_or_404(FactorReset.objects.select_related("user", "vouched_by", "decided_by"), pk=pk)

    def is_open(self, thing: FactorReset) -> bool:
        return thing.state in queries.OPEN_RESETS

    def facts(self, request: Request, thing: FactorReset) -> dict[str, Any]:
        return {
            "title": f"Lost second factor of {thing.user}",
            "reset": thing,
            "is_vouched": states.permits(thing, "complete"),
            "contacts": guardians().contacts_of(thing.user),
            "may_vouch": factor_resets.can_vouch(request.actor, thing),
            "may_complete": policies.can_complete_reset(request.actor, thing),
            "may_deny": factor_resets.can_deny(request.actor, thing),
        }

    def vouch(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda reset, how: factor_resets.vouch(request.actor, reset=reset, how=how),
            "Confirmed. A colleague has to remove the second factors; you cannot.",
            form="vouching",
        )

    def complete(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda reset, reason: factor_resets.complete(request.actor, reset=reset, reason=reason),
            "Removed. Now they need a new One-Time Password, from their administrator or from the page of their account.",
            form="completing",
        )

    def deny(self, request: Request, pk: UUID) -> HttpResponse:
        return self.decided(
            request,
            pk,
            lambda reset, reason: factor_resets.deny(request.actor, reset=reset, reason=reason),
            "Denied. The reason is on its way to them.",
            form="denying",
        )
