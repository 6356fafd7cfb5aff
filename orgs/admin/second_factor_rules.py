"""The rules for second factors: everybody's, each application's, and what organisations have said themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from accounts.decorators import confirmed
from core.admin import ReadOnlyAdmin, desk_page
from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request
from orgs import policies
from orgs.forms.second_factor_rules import ApplicationRuleForm, RuleForm
from orgs.models import Application, SecondFactorRule
from orgs.services import second_factor_rules

LIST = "admin:orgs_secondfactorrule_changelist"


@admin.register(SecondFactorRule)
class SecondFactorRuleAdmin(ReadOnlyAdmin):
    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        # One row says little: what counts is read on the list, where the default has a line too.
        return obj is None and super().has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        methods = require_http_methods(["GET", "HEAD", "POST"])
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "operator": ("operator/", self.of_operator),
            "application": ("application/<slug:code>/", self.of_application),
        }
        own = [
            path(route, self.admin_site.admin_view(methods(confirmed(view))), name=f"orgs_secondfactorrule_{name}")
            for name, (route, view) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """All of them on one page: there are few."""
        policies.can_set_second_factor_rule(cast("Request", request).actor, organization_id=None).enforce()
        rules = SecondFactorRule.objects.exclude(organization=None).select_related("organization")
        context = {
            "title": "Second factors",
            "everybody_s": second_factor_rules.of_operator(),
            "applications": Application.objects.select_related("second_factor_rule"),
            "organizations": rules.order_by("organization__legal_name"),
        }
        return desk_page(request, "admin/orgs/secondfactorrule/list.html", SecondFactorRule, context)

    def of_operator(self, request: Request) -> HttpResponse:
        form = RuleForm.of(request.POST or None, second_factor_rules.of_operator())
        lead = (
            "Counts for everybody, staff as well, from their next sign-in. Organisations and applications may ask for more, "
            "never for less."
        )
        return _edited(request, form, title="Second factors of everybody", lead=lead)

    def of_application(self, request: Request, code: str) -> HttpResponse:
        application = get_object_or_404(Application, code=code)
        form = ApplicationRuleForm.of(request.POST or None, second_factor_rules.of_application(application))
        lead = (
            "Counts when the application is opened next. Whoever is signed in with less is asked for one of these first, and "
            "goes on where they were."
        )
        return _edited(request, form, title=f"Second factors for {application}", lead=lead, application=application)


def _edited(
    request: Request, form: ApplicationRuleForm, *, title: str, lead: str, application: Application | None = None
) -> HttpResponse:
    if form.is_valid():
        try:
            second_factor_rules.set_rule(request.actor, application=application, **form.rule())
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect(LIST)
    context = {"title": title, "lead": lead, "form": form}
    status = Invalid.status if form.errors else 200
    return desk_page(request, "admin/orgs/secondfactorrule/edit.html", SecondFactorRule, context, status=status)
